// Whether a process of this host's network listens on a port, as the kernel tells
// (/proc/net/tcp, proc(5)): a refused connection alone may be a firewall's doing.
#pragma once

#include <cstdint>
#include <optional>

namespace fathom {

// Nothing where the kernel does not tell.
std::optional<bool> SomebodyListens(std::uint16_t port);

}  // namespace fathom
