// any -> those it speaks with (kFailed): why the run has failed, from the rank where it did. Goes
// through cereal over a bounded archive.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "common/buffer.h"

namespace fathom {

struct FailedMessage {
  int exit_code = 1;  // one of ExitCode, but not kOk
  std::string what;
};
Buffer EncodeFailed(const FailedMessage& message);
// Throws Error(kPeer): too short, too long, an exit code that is none of a failure.
FailedMessage DecodeFailed(std::span<const std::byte> payload);

}  // namespace fathom
