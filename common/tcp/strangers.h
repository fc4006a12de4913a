// Connections to a rank's port that have not proven the run's secret.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace fathom {

// A connection that has not proved the secret is dropped after this time. At most kMaxUnproven
// connections wait for their proof at once: one more drops the oldest of them.
inline constexpr std::chrono::milliseconds kHandshakeTimeout = std::chrono::seconds(5);
inline constexpr std::size_t kMaxUnproven = 64;

struct Strangers {
  std::chrono::milliseconds handshake_timeout = kHandshakeTimeout;  // each has so long to prove it
  // Called on the io thread for each that is dropped, also where the log, which has one line a
  // second at most, says nothing of it.
  std::function<void(const std::string& reason)> refused = [](const std::string&) {};
};

}  // namespace fathom
