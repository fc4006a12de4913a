// A program is asked to stop in order by a signal.
//
// Thread rule: Listen from the main thread, before others start; the rest from any.
#pragma once

#include <initializer_list>

namespace fathom {

class StopSignal {
 public:
  // What a second SIGINT, SIGTERM or SIGHUP does. A second SIGUSR1 is counted in any case.
  enum class Second { kEndsTheProcess, kIsCounted };

  // These signals ask to stop, from now on until the end of the process.
  static void Listen(std::initializer_list<int> signal_numbers, Second second);

  // The signal that came first, or 0.
  static int First();

  static int Count();
};

// The exit code of a program that a signal ended, as a shell says it.
constexpr int ExitCodeOfSignal(int signal_number) { return 128 + signal_number; }

}  // namespace fathom
