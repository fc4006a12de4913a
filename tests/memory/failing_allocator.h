// operator new of this program: counts its calls and bytes, and can refuse some of them.
#pragma once

#include <cstdint>

namespace fathom::testing {

class FailingAllocator {
 public:
  // From now on calls count from 0, and those in [first, first + count) throw bad_alloc, whichever
  // thread makes them.
  static void Refuse(std::uint64_t first, std::uint64_t count);
  // Refuses none; how many calls there were since Refuse.
  static std::uint64_t Stop();

  // The most bytes that were allocated at a time since MeterBytes, beyond those that were then.
  static void MeterBytes();
  static std::uint64_t PeakBytes();
};

}  // namespace fathom::testing
