// What every role does with the frames that tell of a failure elsewhere.
#pragma once

#include <string>

#include "common/net/frame.h"

namespace fathom {

// The transport's reason in a kPeerLost frame, as ": reason"; empty if it gave none.
inline std::string LossReason(const Frame& lost) {
  const auto bytes = lost.payload.bytes();
  if (bytes.empty()) return "";
  return ": " + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Throws what a kFailed frame says, with its exit code and in its own words.
[[noreturn]] void ThrowFailure(const Frame& failed);

}  // namespace fathom
