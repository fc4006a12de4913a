// What a client may ask of the server, and how long it may take.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace fathom {

struct HttpLimits {
  static constexpr std::uint32_t kHeaderBytes = 16 << 10;

  std::uint64_t body_bytes = 64 << 20;
  std::size_t connections = 1000;
  // Between two requests.
  std::chrono::milliseconds idle{60000};
  // From a request's first byte to the end of its header; for TLS to be agreed.
  std::chrono::milliseconds header{10000};
  // To send a body, and to take an answer.
  std::chrono::milliseconds body{30000};
  // For what runs when the server is stopped.
  std::chrono::milliseconds stop{10000};
};

}  // namespace fathom
