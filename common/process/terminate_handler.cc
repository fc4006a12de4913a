#include "common/process/terminate_handler.h"

#include <signal.h>

#include <cstdlib>
#include <exception>
#include <new>

#include "common/error.h"
#include "common/terminal.h"

namespace fathom {
namespace {

[[noreturn]] void EndWithMessage() {
  WriteFatalMessage("fathom: ");
  const std::exception_ptr failure = std::current_exception();
  if (!failure) {
    WriteFatalMessage("ended by std::terminate");
  } else {
    try {
      std::rethrow_exception(failure);
    } catch (const std::bad_alloc&) {
      WriteFatalMessage(kNoMemoryLeft);
    } catch (const std::exception& error) {
      WriteFatalMessage(error.what());
    } catch (...) {
      WriteFatalMessage("ended by an exception of an unknown kind");
    }
  }
  WriteFatalMessage("\n");
  std::_Exit(static_cast<int>(ExitCode::kTraining));
}

[[noreturn]] void EndWithLostPage(int) {
  WriteFatalMessage(
      "fathom: a page of a mapped file cannot be read or written (packed data, or rows in "
      "server.cold_tier): its disk fails or is full, or the file was cut short; look at the "
      "system's log, name another disk, and go on with resume = \"auto\"\n");
  std::_Exit(static_cast<int>(ExitCode::kTraining));
}

}  // namespace

void InstallTerminateHandler() { std::set_terminate(EndWithMessage); }

void InstallLostPageHandler() {
  struct sigaction action {};
  action.sa_handler = EndWithLostPage;
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace fathom
