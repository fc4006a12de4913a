#include "launcher/cluster/network_address.h"

#include <arpa/inet.h>

#include "common/whole_number.h"

namespace fathom {

std::string NetworkAddress::Text() const {
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(version == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

std::optional<NetworkAddress> NetworkAddress::From(const std::string& text) {
  NetworkAddress address;
  for (const int version : {4, 6}) {
    address.version = version;
    if (inet_pton(version == 4 ? AF_INET : AF_INET6, text.c_str(), address.bytes.data()) == 1)
      return address;
  }
  return std::nullopt;
}

bool Network::Holds(const NetworkAddress& other) const {
  if (other.version != address.version) return false;
  for (int bit = 0; bit < prefix_bits; ++bit) {
    const auto byte = static_cast<std::size_t>(bit / 8);
    const int mask = 0x80 >> (bit % 8);
    if (((other.bytes[byte] ^ address.bytes[byte]) & mask) != 0) return false;
  }
  return true;
}

std::optional<Network> Network::From(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto address = NetworkAddress::From(text.substr(0, slash));
  const auto bits = WholeNumber<std::uint32_t>(text.substr(slash + 1), 10);
  if (!address || !bits || *bits > static_cast<std::uint32_t>(address->bits())) return std::nullopt;
  return Network{*address, static_cast<int>(*bits)};
}

}  // namespace fathom
