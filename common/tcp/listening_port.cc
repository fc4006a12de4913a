#include "common/tcp/listening_port.h"

#include <cstdio>
#include <fstream>
#include <string>

namespace fathom {
namespace {

constexpr unsigned kListenState = 0x0A;  // TCP_LISTEN in the table's hexadecimal `st`

// A line: "  0: 0100007F:1F90 00000000:0000 0A ...", addresses and ports in hexadecimal.
std::optional<bool> Listed(const char* table, std::uint16_t port) {
  std::ifstream in(table);
  std::string line;
  if (!std::getline(in, line)) return std::nullopt;
  while (std::getline(in, line)) {
    unsigned local_port = 0, state = 0;
    if (std::sscanf(line.c_str(), " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x", &local_port,
                    &state) == 2 &&
        local_port == port && state == kListenState)
      return true;
  }
  return false;
}

}  // namespace

std::optional<bool> SomebodyListens(std::uint16_t port) {
  const auto four = Listed("/proc/net/tcp", port);
  const auto six = Listed("/proc/net/tcp6", port);
  if (four.value_or(false) || six.value_or(false)) return true;
  return four;
}

}  // namespace fathom
