// The address at which the other hosts of a job reach this one.
//
// Thread rule: any thread. Failure: Error(kUsage) that names what this host has.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace fathom {

// One IPv4 address of an interface that is up and not the loopback.
struct InterfaceAddress {
  std::string interface;
  std::uint32_t address = 0;  // in the order of the processor
};

// The interface of the default route, by the text of /proc/net/route; empty: there is none.
std::string DefaultRouteInterface(const std::string& routes);

// cluster.interface chooses: the name of an interface; a network, as 10.0.0.0/16, where interfaces
// are not called alike on all hosts; or nothing: the interface of the default route, which no
// bridge of containers is, else the first. Returns it as text.
std::string ChooseAddress(const std::vector<InterfaceAddress>& addresses, const std::string& choice,
                          const std::string& default_interface);

// Of this host, as it is now.
std::string LocalAddress(const std::string& choice);

}  // namespace fathom
