#include "common/terminal.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace fathom {
namespace {

constexpr int kLastWaitMilliseconds = 1000;

bool IsPlainFile(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

// What cannot be written is lost: the log's file has it.
void WriteAll(int fd, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t written = write(fd, text.data() + at, text.size() - at);
    if (written >= 0) {
      at += static_cast<std::size_t>(written);
    } else if (errno == EAGAIN) {
      pollfd until{.fd = fd, .events = POLLOUT, .revents = 0};
      poll(&until, 1, -1);
    } else if (errno != EINTR) {
      return;
    }
  }
}

}  // namespace

struct Terminal::State {
  explicit State(int descriptor) : fd(descriptor), plain_file(IsPlainFile(descriptor)) {}

  const int fd;
  const bool plain_file;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines;
  std::uint64_t dropped = 0;
  bool writing = false;  // the thread has one in hand
  bool started = false;  // the thread
  bool ended = false;

  // The thread's work.
  void Run() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ended || !lines.empty(); });
      if (lines.empty()) return;
      std::string text = std::move(lines.front());
      lines.pop_front();
      if (dropped > 0 && lines.size() < kMaxLines / 2) {
        text += fmt::format("({} lines were not shown: nobody read them; the log has them)\n",
                            std::exchange(dropped, 0));
      }
      writing = true;
      lock.unlock();
      WriteAll(fd, text);
      lock.lock();
      writing = false;
      changed.notify_all();
    }
  }
};

Terminal::Terminal(int fd) : state_(std::make_shared<State>(fd)) {}

Terminal::~Terminal() {
  Flush(std::chrono::milliseconds(kLastWaitMilliseconds));
  const std::lock_guard lock(state_->mutex);
  state_->ended = true;
  state_->lines.clear();
  state_->changed.notify_all();
}

void Terminal::Write(std::string line) {
  if (state_->plain_file) return WriteAll(state_->fd, line);
  const std::lock_guard lock(state_->mutex);
  if (!state_->started) {
    std::thread([state = state_] { state->Run(); }).detach();
    state_->started = true;
  }
  if (state_->lines.size() == kMaxLines) {
    ++state_->dropped;
    return;
  }
  state_->lines.push_back(std::move(line));
  state_->changed.notify_all();
}

void Terminal::Flush(std::chrono::milliseconds longest) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(lock, longest,
                           [this] { return state_->lines.empty() && !state_->writing; });
}

Terminal& Terminal::Standard() {
  static Terminal terminal(STDOUT_FILENO);
  return terminal;
}

Terminal& Terminal::Errors() {
  static Terminal terminal(STDERR_FILENO);
  return terminal;
}

void FlushTerminals() {
  for (Terminal* terminal : {&Terminal::Standard(), &Terminal::Errors()})
    terminal->Flush(std::chrono::milliseconds(kLastWaitMilliseconds));
}

void WriteFatalMessage(const char* text) {
  pollfd ready{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (poll(&ready, 1, kLastWaitMilliseconds) != 1) return;
  static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text)));
}

}  // namespace fathom
