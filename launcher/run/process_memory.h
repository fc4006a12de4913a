// The memory of this process that is resident, as the kernel counts it: mapped files included.
#pragma once

#include <cstdint>

namespace fathom {

std::uint64_t ResidentMemory();

// At most, since the process began or since ForgetPeakMemory.
std::uint64_t PeakMemory();

// Gives back what the allocator holds without need, and begins to look for the peak anew. Where the
// kernel does not let a process do that, the old peak stays.
void ForgetPeakMemory();

}  // namespace fathom
