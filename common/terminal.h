// Lines to standard output and error that never make their writer wait.
//
// A pipe or a terminal that nobody reads is full one day, and a write then waits for ever. So lines
// go through a queue, from which one thread writes them; where the queue is full they are dropped
// and counted, and the terminal is told how many once it is read again. A plain file is written to
// at once. Thread rule: any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace fathom {

class Terminal {
 public:
  static constexpr std::size_t kMaxLines = 4096;

  // Writes to this descriptor, which stays open for as long as the process lives.
  explicit Terminal(int fd);
  // Lines that are not written within a second are lost.
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // With its line end.
  void Write(std::string line);

  // Waits until all is written, but no longer than this.
  void Flush(std::chrono::milliseconds longest);

  static Terminal& Standard();  // standard output's
  static Terminal& Errors();    // standard error's

 private:
  struct State;  // outlives this while its thread hangs in a write
  std::shared_ptr<State> state_;
};

// Waits until both have all lines, but no longer than a second each. Before anything else is
// printed.
void FlushTerminals();

// Writes to standard error at once, also from a signal's handler, and from a process that is about
// to end. What is not taken within a second is lost.
void WriteFatalMessage(const char* text);

}  // namespace fathom
