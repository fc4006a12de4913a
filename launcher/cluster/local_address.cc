#include "launcher/cluster/local_address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>

#include <memory>

#include "common/error.h"

namespace fathom {

std::string LocalAddress(const std::string& interface_name) {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0)
    Fail(ExitCode::kPeer, "the network interfaces of this host cannot be listed");
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> all(first, &freeifaddrs);
  for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr || one->ifa_addr->sa_family != AF_INET) continue;
    if ((one->ifa_flags & IFF_UP) == 0 || (one->ifa_flags & IFF_LOOPBACK) != 0) continue;
    if (!interface_name.empty() && interface_name != one->ifa_name) continue;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(one->ifa_addr)->sin_addr, text,
              sizeof(text));
    return text;
  }
  Fail(ExitCode::kPeer,
       "no network interface{} with an IPv4 address is up: give one with cluster.interface",
       interface_name.empty() ? "" : " named " + interface_name);
}

}  // namespace fathom
