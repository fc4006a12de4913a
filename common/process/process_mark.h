// A name for one process that no other process on any host or in any container has, and by which
// others can tell later whether it still lives.
//
// A process id alone says little: containers of one host have equal ones, and numbers come again.
// So a mark holds the host's name, the boot of its kernel, the namespace of process ids, the id,
// the time when the process began (field 22 of /proc/PID/stat), and 64 random bits. Thread rule:
// any thread. Failure: Error(kTraining) where the kernel gives no random bytes.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fathom {

struct ProcessMark {
  std::string token;  // 16 hexadecimal digits, new with each mark
  pid_t pid = 0;
  std::uint64_t start = 0;      // in ticks of the kernel since its boot
  std::uint64_t pid_space = 0;  // the number of the namespace of process ids
  std::string boot;             // hexadecimal digits; empty where /proc does not say
  std::string host;

  // A file name: letters, digits, '.', '-' and '_', at most 200 bytes.
  std::string Name() const;
  static std::optional<ProcessMark> FromName(std::string_view name);

  static ProcessMark OfThisProcess();
  friend bool operator==(const ProcessMark&, const ProcessMark&) = default;
};

// kEnding: it was killed or has ended, and the kernel has not yet freed all that it held.
// kElsewhere: another host, another boot of this one, or a container with process ids of its own;
// whether it lives cannot be told from here.
enum class ProcessState { kAlive, kEnding, kDead, kElsewhere };
ProcessState StateOf(const ProcessMark& mark);

// 16 hexadecimal digits that nobody can guess.
std::string RandomToken();

// When the process began, in ticks of the kernel since its boot; nothing if there is no such
// process, or if it is a zombie.
std::optional<std::uint64_t> StartOf(pid_t pid);

}  // namespace fathom
