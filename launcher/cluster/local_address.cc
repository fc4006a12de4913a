#include "launcher/cluster/local_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include "common/error.h"

namespace fathom {
namespace {

std::optional<NetworkAddress> AddressOf(const sockaddr* from) {
  if (from == nullptr) return std::nullopt;
  NetworkAddress address;
  if (from->sa_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in*>(from)->sin_addr;
    std::memcpy(address.bytes.data(), &four, sizeof(four));
    return address;
  }
  if (from->sa_family != AF_INET6) return std::nullopt;
  const auto& six = reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr;
  if (IN6_IS_ADDR_LINKLOCAL(&six)) return std::nullopt;
  address.version = 6;
  std::memcpy(address.bytes.data(), &six, sizeof(six));
  return address;
}

int BitsOf(const NetworkAddress& mask) {
  int bits = 0;
  for (const std::uint8_t byte : mask.bytes) bits += std::popcount(byte);
  return bits;
}

std::string Contents(const char* file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> ListOf(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream in(text);
  for (std::string word; std::getline(in, word, ',');) {
    const std::size_t begin = word.find_first_not_of(' ');
    if (begin != std::string::npos)
      words.push_back(word.substr(begin, word.find_last_not_of(' ') + 1 - begin));
  }
  return words;
}

bool Means(const std::string& word, const InterfaceAddress& one) {
  const auto network = Network::From(word);
  return network ? network->Holds(one.address()) : word == one.interface;
}

}  // namespace

std::string DefaultRouteInterface(const std::string& routes) {
  std::istringstream lines(routes);
  std::string line;
  std::getline(lines, line);  // the header
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    std::string interface, destination;
    if (fields >> interface >> destination && destination == "00000000") return interface;
  }
  return "";
}

// A line: destination, bits of it, source, bits of it, next hop, metric, two counts, flags,
// interface. The kernel ends the table with routes of the loopback, which lead nowhere.
std::string DefaultRouteInterface6(const std::string& routes) {
  std::istringstream lines(routes);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::vector<std::string> words;
    for (std::string word; fields >> word;) words.push_back(word);
    if (words.size() == 10 && words[0] == std::string(32, '0') && words[1] == "00" &&
        words[9] != "lo")
      return words[9];
  }
  return "";
}

std::vector<InterfaceAddress> InterfaceAddresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0)
    Fail(ExitCode::kPeer, "the network interfaces of this host cannot be listed");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  const std::string four = DefaultRouteInterface(Contents("/proc/net/route"));
  const std::string six = DefaultRouteInterface6(Contents("/proc/net/ipv6_route"));
  std::vector<InterfaceAddress> addresses;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const auto address = AddressOf(one->ifa_addr);
    if (!address) continue;
    const auto mask = AddressOf(one->ifa_netmask);
    const std::string& of_default = address->version == 4 ? four : six;
    addresses.push_back({.interface = one->ifa_name,
                         .network = {*address, mask ? BitsOf(*mask) : address->bits()},
                         .default_route = of_default == one->ifa_name});
  }
  return addresses;
}

std::vector<InterfaceAddress> Chosen(std::vector<InterfaceAddress> addresses,
                                     const std::string& choice) {
  std::vector<InterfaceAddress> chosen;
  for (const std::string& word : ListOf(choice)) {
    for (const InterfaceAddress& one : addresses)
      if (Means(word, one)) chosen.push_back(one);
  }
  if (ListOf(choice).empty()) {
    chosen = addresses;
    const auto rank = [](const InterfaceAddress& one) {
      return (one.default_route ? 0 : 2) + (one.address().version == 4 ? 0 : 1);
    };
    std::stable_sort(chosen.begin(), chosen.end(),
                     [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  }
  if (!chosen.empty()) return chosen;
  Fail(ExitCode::kUsage,
       "cluster.interface = \"{}\": no network interface of this host that is up{}; there are: {}. "
       "Give names of interfaces, or networks such as 10.0.0.0/16 or fd00::/8 that all hosts are "
       "in, between commas",
       choice, choice.empty() ? " leads to others" : " is meant",
       addresses.empty() ? "none" : TextOf(addresses));
}

std::string TextOf(const std::vector<InterfaceAddress>& addresses) {
  std::string text;
  for (const InterfaceAddress& one : addresses) {
    text += fmt::format("{}{} {}/{}", text.empty() ? "" : ", ", one.interface, one.address().Text(),
                        one.network.prefix_bits);
  }
  return text;
}

// To connect a socket of datagrams sends nothing: it asks the kernel for the route.
std::optional<NetworkAddress> SourceTowards(const NetworkAddress& there) {
  sockaddr_in6 six{.sin6_family = AF_INET6, .sin6_port = htons(9)};
  sockaddr_in four{.sin_family = AF_INET, .sin_port = htons(9)};
  std::memcpy(&six.sin6_addr, there.bytes.data(), sizeof(six.sin6_addr));
  std::memcpy(&four.sin_addr, there.bytes.data(), sizeof(four.sin_addr));
  const bool is_four = there.version == 4;
  const auto* const to =
      is_four ? reinterpret_cast<const sockaddr*>(&four) : reinterpret_cast<const sockaddr*>(&six);
  const int out = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return std::nullopt;
  sockaddr_storage here{};
  socklen_t bytes = sizeof(here);
  const bool found = connect(out, to, is_four ? sizeof(four) : sizeof(six)) == 0 &&
                     getsockname(out, reinterpret_cast<sockaddr*>(&here), &bytes) == 0;
  close(out);
  if (!found) return std::nullopt;
  return AddressOf(reinterpret_cast<const sockaddr*>(&here));
}

}  // namespace fathom
