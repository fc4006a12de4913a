// A program that runs beside this one and does not outlive it.
//
// It gets a process group of its own, so that a terminal's Ctrl-C reaches only this process, which
// then decides what to do with the child. Its input is empty. When this process dies, the kernel
// kills the child (PR_SET_PDEATHSIG). Thread rule: the main thread (the kernel looks at the death
// of the thread that started the child).
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace fathom {

class ChildProcess {
 public:
  // `output`: a new file for what it prints. Throws Error(kTraining) where it cannot be started.
  ChildProcess(const std::vector<std::string>& line, const std::filesystem::path& output);
  // `output`, `errors`: descriptors that it gets as its own.
  ChildProcess(const std::vector<std::string>& line, int output, int errors);
  ~ChildProcess();  // kills it, and those of its own children that are left
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void Signal(int signal_number) const;

  // The exit code once it has ended, as a shell says it: 128 + the signal that killed it.
  std::optional<int> Ended();

  // How many children it has now; those that were seen are remembered.
  std::size_t CountChildren();
  std::size_t seen_children() const { return children_.size(); }

  // Kills the children that were seen and are still there, after it has ended itself.
  void KillLeftChildren();

 private:
  struct Child {
    pid_t pid;
    std::uint64_t start;  // so that another process with its number is not taken for it
    auto operator<=>(const Child&) const = default;
  };

  void Start(const std::vector<std::string>& line, int output, int errors);

  pid_t pid_ = -1;
  std::optional<int> exit_code_;
  std::set<Child> children_;
};

}  // namespace fathom
