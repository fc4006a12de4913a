// The addresses of this host at which others may reach it.
//
// Thread rule: any thread. Failure: Error(kUsage) that names what this host has.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/cluster/network_address.h"

namespace fathom {

// One address of an interface that is up, which is neither the loopback's nor one that means
// something on its own cable alone (IPv6's link-local).
struct InterfaceAddress {
  std::string interface;
  Network network;             // its address and how many bits of it are the network's
  bool default_route = false;  // the interface is that of the route to everywhere

  const NetworkAddress& address() const { return network.address; }
  friend bool operator==(const InterfaceAddress&, const InterfaceAddress&) = default;
};

// Those of this host, as it is now.
std::vector<InterfaceAddress> InterfaceAddresses();

// The interface of the default route, by the text of /proc/net/route and of /proc/net/ipv6_route;
// empty: there is none.
std::string DefaultRouteInterface(const std::string& routes);
std::string DefaultRouteInterface6(const std::string& routes);

// Those that cluster.interface means: names of interfaces and networks, as 10.0.0.0/16 or fd00::/8,
// between commas; empty: all. In the order of preference: that of the choice; then those of the
// default route first, IPv4 before IPv6.
std::vector<InterfaceAddress> Chosen(std::vector<InterfaceAddress> addresses,
                                     const std::string& choice);

// "eth0 10.0.3.7/16, ..."
std::string TextOf(const std::vector<InterfaceAddress>& addresses);

// The address from which this host sends to that one; nothing: it knows no way there.
std::optional<NetworkAddress> SourceTowards(const NetworkAddress& there);

}  // namespace fathom
