// Where a rank listens.
#pragma once

#include <cstdint>
#include <string>

namespace fathom {

struct TcpAddress {
  std::string host;  // a numeric address
  std::uint16_t port;
};

}  // namespace fathom
