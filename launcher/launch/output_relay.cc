#include "launcher/launch/output_relay.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/error.h"

namespace fathom {
namespace {

constexpr int kPollMilliseconds = 50;
constexpr std::size_t kMaxLine = 4096;  // a longer one is passed on in pieces

}  // namespace

OutputRelay::OutputRelay(Terminal& terminal) : terminal_(terminal) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    Fail(ExitCode::kTraining, "no pipe for the output of mpirun: {}", std::strerror(errno));
  out_ = ends[0];
  in_ = ends[1];
  reader_ = std::thread([this] { Run(); });
}

OutputRelay::~OutputRelay() {
  CloseIn();
  ended_ = true;
  reader_.join();
  close(out_);
}

void OutputRelay::CloseIn() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

// Until the pipe is at its end; or until it is empty after the child's end, where a process that
// the child left behind still holds it.
void OutputRelay::Run() {
  std::string text;
  std::array<char, kMaxLine> read_now{};
  for (;;) {
    const bool last = ended_;
    pollfd ready{.fd = out_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, last ? 0 : kPollMilliseconds) != 1) {
      if (last) break;
      continue;
    }
    const ssize_t got = read(out_, read_now.data(), read_now.size());
    if (got <= 0) break;
    has_printed_ = true;
    text.append(read_now.data(), static_cast<std::size_t>(got));
    std::size_t at = 0;
    for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
      terminal_.Write(text.substr(at, end + 1 - at));
    if (text.size() - at >= kMaxLine) {
      terminal_.Write(text.substr(at));
      at = text.size();
    }
    text.erase(0, at);
  }
  if (!text.empty()) terminal_.Write(text);
}

}  // namespace fathom
