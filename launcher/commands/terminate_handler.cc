#include "launcher/commands/terminate_handler.h"

#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "common/error.h"

namespace fathom {
namespace {

void Print(const char* text) {
  // Where not even this can be written, the exit code speaks.
  static_cast<void>(!write(STDERR_FILENO, text, std::strlen(text)));
}

[[noreturn]] void EndWithLastWords() {
  Print("fathom: ");
  const std::exception_ptr failure = std::current_exception();
  if (!failure) {
    Print("ended by std::terminate");
  } else {
    try {
      std::rethrow_exception(failure);
    } catch (const std::bad_alloc&) {
      Print(kNoMemoryLeft);
    } catch (const std::exception& error) {
      Print(error.what());
    } catch (...) {
      Print("ended by an exception of an unknown kind");
    }
  }
  Print("\n");
  std::_Exit(static_cast<int>(ExitCode::kTraining));
}

[[noreturn]] void EndWithLostPage(int) {
  Print(
      "fathom: a page of a mapped file cannot be read or written (packed data, or rows in "
      "server.cold_tier): its disk fails or is full, or the file was cut short; look at the "
      "system's log, name another disk, and go on with resume = \"auto\"\n");
  std::_Exit(static_cast<int>(ExitCode::kTraining));
}

}  // namespace

void InstallTerminateHandler() { std::set_terminate(EndWithLastWords); }

void InstallLostPageHandler() {
  struct sigaction action {};
  action.sa_handler = EndWithLostPage;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace fathom
