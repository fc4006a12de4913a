// worker -> coordinator (kStepDone), after each step: its losses. A view into the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/buffer.h"

namespace fathom {

// frame.step: the step.
//   payload   first_slice u32 | count u32 | weighted u64 | loss sums f64[count] |
//             weight sums f64[count] if weighted
struct StepDoneMessage {
  std::uint32_t first_slice = 0;
  std::span<const double> loss_sums;    // a slice: sum of weighted log losses before the update
  std::span<const double> weight_sums;  // a slice: of its examples' weights; empty: all are 1
};
Buffer EncodeStepDone(const StepDoneMessage& message);
// Throws Error(kPeer): a count beyond the payload, bytes left over.
StepDoneMessage DecodeStepDone(std::span<const std::byte> payload);

}  // namespace fathom
