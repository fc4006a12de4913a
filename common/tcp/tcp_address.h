// Where a rank listens, and what is asked of those who connect there.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace fathom {

struct TcpAddress {
  std::string host;  // a numeric address
  std::uint16_t port;
};

// A connection that has not proved the secret is dropped after this time. At most kMaxUnproven
// connections, or as many as there are ranks, wait for their proof at once: one more drops the
// oldest.
inline constexpr std::chrono::milliseconds kHandshakeTimeout = std::chrono::seconds(5);
inline constexpr std::size_t kMaxUnproven = 64;

}  // namespace fathom
