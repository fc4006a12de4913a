#include "launcher/cluster/local_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "common/error.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

std::string TextOf(std::uint32_t address) {
  const in_addr network_order{.s_addr = htonl(address)};
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &network_order, text, sizeof(text));
  return text;
}

struct Network {
  std::uint32_t address;
  std::uint32_t mask;
};

// "10.0.0.0/16"; nothing: it is not written so.
std::optional<Network> NetworkFrom(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) return std::nullopt;
  in_addr address{};
  const auto bits = WholeNumber<std::uint32_t>(text.substr(slash + 1), 10);
  if (inet_pton(AF_INET, text.substr(0, slash).c_str(), &address) != 1 || !bits || *bits > 32)
    return std::nullopt;
  const std::uint32_t mask = *bits == 0 ? 0 : ~std::uint32_t{0} << (32 - *bits);
  return Network{ntohl(address.s_addr) & mask, mask};
}

[[noreturn]] void FailToChoose(const std::vector<InterfaceAddress>& addresses,
                               const std::string& choice) {
  std::string there;
  for (const InterfaceAddress& one : addresses)
    there += (there.empty() ? "" : ", ") + one.interface + " " + TextOf(one.address);
  Fail(
      ExitCode::kUsage,
      "cluster.interface = \"{}\": no network interface of this host with an IPv4 address is up{}; "
      "there are: {}. Give a name, or a network such as 10.0.0.0/16 that all hosts are in; where "
      "hosts have IPv6 alone use cluster.transport=mpi",
      choice, choice.empty() ? "" : " and is meant", there.empty() ? "none" : there);
}

// What getifaddrs lists.
std::vector<InterfaceAddress> InterfaceAddresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0)
    Fail(ExitCode::kPeer, "the network interfaces of this host cannot be listed");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  std::vector<InterfaceAddress> addresses;
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    const auto* const address = reinterpret_cast<const sockaddr_in*>(one->ifa_addr);
    addresses.push_back({one->ifa_name, ntohl(address->sin_addr.s_addr)});
  }
  return addresses;
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

std::string ChooseAddress(const std::vector<InterfaceAddress>& addresses, const std::string& choice,
                          const std::string& default_interface) {
  const auto network = NetworkFrom(choice);
  const auto find = [&](const auto& meant) {
    return std::find_if(addresses.begin(), addresses.end(), meant);
  };
  auto found = addresses.end();
  if (network) {
    found =
        find([&](const auto& one) { return (one.address & network->mask) == network->address; });
  } else if (!choice.empty()) {
    found = find([&](const auto& one) { return one.interface == choice; });
  } else {
    found = find([&](const auto& one) { return one.interface == default_interface; });
    if (found == addresses.end()) found = addresses.begin();
  }
  if (found == addresses.end()) FailToChoose(addresses, choice);
  return TextOf(found->address);
}

std::string LocalAddress(const std::string& choice) {
  std::ifstream in("/proc/net/route");
  std::stringstream routes;
  routes << in.rdbuf();
  return ChooseAddress(InterfaceAddresses(), choice, DefaultRouteInterface(routes.str()));
}

}  // namespace fathom
