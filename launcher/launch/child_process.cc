#include "launcher/launch/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "common/process/process_stat.h"
#include "common/terminal.h"
#include "launcher/launch/stop_signal.h"

namespace fathom {
namespace {

constexpr int kNotFound = 127;

[[noreturn]] void Become(const std::vector<char*>& words, int output, int errors, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kNotFound);  // it died before that
  const int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  execvp(words.front(), words.data());
  WriteFatalMessage(words.front());
  WriteFatalMessage(": cannot be started: is it installed?\n");
  _exit(kNotFound);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& line,
                           const std::filesystem::path& output) {
  const Descriptor file(output, O_WRONLY | O_CREAT | O_TRUNC);
  if (file.get() < 0)
    Fail(ExitCode::kTraining, "{}: cannot be written: {}", output.string(), std::strerror(errno));
  Start(line, file.get(), file.get());
}

ChildProcess::ChildProcess(const std::vector<std::string>& line, int output, int errors) {
  Start(line, output, errors);
}

void ChildProcess::Start(const std::vector<std::string>& line, int output, int errors) {
  std::vector<std::string> copies = line;
  std::vector<char*> words;
  for (std::string& word : copies) words.push_back(word.data());
  words.push_back(nullptr);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) Fail(ExitCode::kTraining, "no process can be started: {}", std::strerror(errno));
  if (pid_ == 0) Become(words, output, errors, parent);
}

ChildProcess::~ChildProcess() {
  if (!exit_code_) {
    Signal(SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  KillLeftChildren();
}

void ChildProcess::Signal(int signal_number) const {
  if (!exit_code_) kill(pid_, signal_number);
}

std::optional<int> ChildProcess::Ended() {
  int status = 0;
  if (!exit_code_ && waitpid(pid_, &status, WNOHANG) == pid_)
    exit_code_ = WIFSIGNALED(status) ? ExitCodeOfSignal(WTERMSIG(status)) : WEXITSTATUS(status);
  return exit_code_;
}

std::size_t ChildProcess::CountChildren() {
  std::ifstream list(fmt::format("/proc/{0}/task/{0}/children", pid_));
  std::size_t count = 0;
  for (pid_t pid; list >> pid;) {
    ++count;
    if (const auto stat = ProcessStat::Of(pid)) children_.insert({pid, stat->start});
  }
  return count;
}

void ChildProcess::KillLeftChildren() {
  for (const Child& child : children_) {
    const auto stat = ProcessStat::Of(child.pid);
    if (stat && stat->start == child.start) kill(child.pid, SIGKILL);
  }
}

}  // namespace fathom
