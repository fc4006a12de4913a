#include "launcher/launch/stop_signal.h"

#include <signal.h>

#include <atomic>

namespace fathom {
namespace {

std::atomic<int> first_signal{0};
std::atomic<int> count{0};
std::atomic<bool> second_ends{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void OnSignal(int signal_number) {
  int none = 0;
  const bool first = first_signal.compare_exchange_strong(none, signal_number);
  ++count;  // whoever sees it sees the first signal too
  if (first || signal_number == SIGUSR1 || !second_ends) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

void StopSignal::Listen(std::initializer_list<int> signal_numbers, Second second) {
  second_ends = second == Second::kEndsTheProcess;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int number : signal_numbers) sigaction(number, &action, nullptr);
}

int StopSignal::First() { return first_signal.load(); }

int StopSignal::Count() { return count.load(); }

}  // namespace fathom
