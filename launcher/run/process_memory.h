// The resident memory of this process in bytes, as the kernel counts it: mapped files included.
#pragma once

#include <cstdint>

namespace fathom {

std::uint64_t ResidentMemory();

// The largest since the process began, or since ForgetPeakMemory.
std::uint64_t PeakMemory();

// Returns the allocator's unused memory to the kernel and resets the peak. Where the kernel does
// not let a process reset it, the old peak stays.
void ForgetPeakMemory();

}  // namespace fathom
