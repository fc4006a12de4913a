// Where a server listens: [host:]port.
#pragma once

#include <cstdint>
#include <string>

namespace fathom {

struct ListenAddress {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  // 0: one that is free
};

// "8080", "0.0.0.0:8080", "[::1]:8080", "localhost:0". Throws Error(kUsage).
ListenAddress ParseListenAddress(const std::string& text);

}  // namespace fathom
