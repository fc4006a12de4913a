// How the dense parameters are cut among the servers. A pure function, the same on both sides.
#pragma once

#include <cstddef>
#include <utility>

namespace fathom {

// The range of the dense parameters that a server owns: [first, second), multiples of 16 floats.
std::pair<std::size_t, std::size_t> DenseRange(std::size_t dense_floats, int server, int servers);

}  // namespace fathom
