// What the kernel says of a process: /proc/PID/stat. Thread rule: any thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>

namespace fathom {

struct ProcessStat {
  // A zombie: it has ended, and its parent has not collected it yet. Its main thread may have ended
  // while other threads still run.
  bool ended = false;
  std::uint64_t start = 0;  // when it began, in ticks of the kernel since its boot

  // Nothing if there is no such process.
  static std::optional<ProcessStat> Of(pid_t pid);
};

}  // namespace fathom
