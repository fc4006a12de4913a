#include "launcher/run/stop_signal.h"

#include <signal.h>

#include <atomic>

namespace fathom {
namespace {

std::atomic<int> first_signal{0};
static_assert(std::atomic<int>::is_always_lock_free);

void OnSignal(int signal_number) {
  int none = 0;
  if (first_signal.compare_exchange_strong(none, signal_number)) return;
  if (signal_number == SIGUSR1) return;
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

}  // namespace

void StopSignal::Listen(bool under_mpirun) {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR1, &action, nullptr);
  if (under_mpirun) return;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int StopSignal::Asked() { return first_signal.load(); }

}  // namespace fathom
