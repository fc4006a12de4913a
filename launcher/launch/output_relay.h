// What a child prints, passed on to a terminal that never makes its writer wait: a child whose pipe
// nobody reads would not end.
//
// Whole lines are passed on. Thread rule: the owner's; a thread of its own reads the pipe.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "common/terminal.h"

namespace fathom {

class OutputRelay {
 public:
  // Throws Error(kTraining) where there is no pipe.
  explicit OutputRelay(Terminal& terminal);
  ~OutputRelay();  // after what has been printed is passed on
  OutputRelay(const OutputRelay&) = delete;
  OutputRelay& operator=(const OutputRelay&) = delete;

  // For the child to write to.
  int in() const { return in_; }

  // Once the child has it.
  void CloseIn();

  // Whether the child has printed anything.
  bool has_printed() const { return has_printed_; }

 private:
  void Run();

  Terminal& terminal_;
  int in_ = -1;
  int out_ = -1;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> has_printed_ = false;
  std::thread reader_;
};

}  // namespace fathom
