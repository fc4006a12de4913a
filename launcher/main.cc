#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <thread>

#include "common/error.h"
#include "common/log/run_log.h"
#include "common/process/terminate_handler.h"
#include "common/terminal.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/commands/command_line.h"

namespace {

using fathom::MpiSession;

constexpr int kKeptBlockBytes = 32 << 20;  // the most that glibc takes
constexpr int kKeptFreeBytes = 64 << 20;

// What was printed goes out before the process ends, but waits a second at most for its reader.
void FlushPrinted() {
  try {
    auto done = std::make_shared<std::promise<void>>();
    auto flushed = done->get_future();
    std::thread([done] {
      std::fflush(stdout);
      done->set_value();
    }).detach();
    flushed.wait_for(std::chrono::seconds(1));
  } catch (const std::exception&) {  // no memory for it, or no thread
  }
}

// Says what failed, with rank and host where there are several, and ends all ranks.
[[noreturn]] void End(std::optional<MpiSession>& mpi, const char* what, fathom::ExitCode code) {
  fathom::LogEnd(what);
  fathom::FlushTerminals();
  FlushPrinted();
  fathom::Terminal::Errors().Write(
      mpi && mpi->ranks() > 1
          ? fmt::format("fathom: rank {} on {}: {}\n", mpi->rank(), mpi->host(), what)
          : fmt::format("fathom: {}\n", what));
  fathom::FlushTerminals();
  if (mpi) mpi->Abort(static_cast<int>(code));
  std::_Exit(static_cast<int>(code));
}

// A file that is opened where standard input, output or error was closed would get its number, and
// every message.
void OpenStandardStreams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", O_RDWR) != fd) std::_Exit(1);
  }
}

// What a command was asked to print may be all that it was started for.
void CheckOutput() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    fathom::Fail(fathom::ExitCode::kModel, "standard output cannot be written: {}",
                 std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardStreams();
  // Payloads of a megabyte and more come and go with every step: their memory is kept, instead of
  // being mapped, cleared and given back each time.
  mallopt(M_MMAP_THRESHOLD, kKeptBlockBytes);
  mallopt(M_TRIM_THRESHOLD, kKeptFreeBytes);
  // Where a file may not grow, or nobody reads a pipe, the write fails and the process goes on.
  signal(SIGXFSZ, SIG_IGN);
  signal(SIGPIPE, SIG_IGN);
  fathom::InstallTerminateHandler();
  fathom::LogToTerminal();
  std::optional<MpiSession> mpi;
  try {
    mpi.emplace(&argc, &argv);
    fathom::InstallLostPageHandler();
    const int exit_code = fathom::RunCommandLine(argc, argv, *mpi);
    fathom::FlushTerminals();
    CheckOutput();
    mpi->Finish();
    return exit_code;
  } catch (const fathom::Error& error) {
    End(mpi, error.what(), error.code());
  } catch (const std::exception& error) {
    End(mpi, error.what(), fathom::ExitCode::kTraining);
  }
}
