// An address of the Internet Protocol, version 4 or 6, and the networks that such addresses are in.
//
// Thread rule: none, they are values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace fathom {

struct NetworkAddress {
  int version = 4;                       // or 6
  std::array<std::uint8_t, 16> bytes{};  // in the order of the network; of version 4 the first four

  int bits() const { return version == 4 ? 32 : 128; }
  std::string Text() const;
  friend bool operator==(const NetworkAddress&, const NetworkAddress&) = default;

  // "10.0.3.7", "fd00::7"; nothing: it is not written so.
  static std::optional<NetworkAddress> From(const std::string& text);
};

struct Network {
  NetworkAddress address;  // any within it
  int prefix_bits = 0;     // that all within it share

  bool Holds(const NetworkAddress& other) const;
  friend bool operator==(const Network&, const Network&) = default;

  // "10.0.0.0/16", "fd00::/64"; nothing: it is not written so.
  static std::optional<Network> From(const std::string& text);
};

}  // namespace fathom
