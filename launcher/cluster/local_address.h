// The address under which other hosts reach this one.
#pragma once

#include <string>

namespace fathom {

// The IPv4 address of the first interface that is up and not the loopback, in the kernel's order;
// `interface_name` picks one by name. Throws Error(kPeer) where there is none.
std::string LocalAddress(const std::string& interface_name = "");

}  // namespace fathom
