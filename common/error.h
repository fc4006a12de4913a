// What can go wrong outside the program: bad config, bad data, damaged files, lost peers.
//
// Such a failure is one exception type that says what, where and how to mend it. The library
// throws it and never prints or exits; `main` prints the message and exits with its code.
// Broken logic is the other family: see check.h.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace fathom {

// The process exit codes, as documented in docs/errors.md.
enum class ExitCode : int {
  kOk = 0,
  kTraining = 1,
  kUsage = 2,    // command line or config
  kData = 3,     // input text or packed data
  kModel = 4,    // checkpoint or model file
  kPeer = 5,     // peer or network lost, or a deadline passed
  kRefused = 6,  // a peer did not prove the run's secret
  kNumeric = 7,  // NaN or infinity where a finite number must be
};

// What to say of a bad_alloc.
inline constexpr const char* kNoMemoryLeft =
    "no memory left: lower train.batch_size, or spread the roles over more hosts";

class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

// Throws an Error whose message is formatted as by fmt::format.
template <typename... Args>
[[noreturn]] void Fail(ExitCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace fathom
