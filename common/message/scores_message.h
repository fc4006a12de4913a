// worker -> coordinator (kScores): scores of evaluation examples. Views into the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/buffer.h"
#include "common/key.h"

namespace fathom {

// Of the examples [first, first + count). frame.step: the version of the model that scored them.
//   payload   first u64 | count u64 | grouped u64 | weighted u64 | logits f32[count] |
//             labels u8[count] | groups u64[count] if grouped | weights f32[count] if weighted |
//             fields u64 | values u64[fields] | values without a row u64[fields]
struct ScoresMessage {
  std::uint64_t first = 0;
  std::span<const float> logits;
  std::span<const std::uint8_t> labels;
  std::span<const Key> groups;                 // empty: not grouped
  std::span<const float> weights;              // empty: all are 1
  std::span<const std::uint64_t> values;       // by field, that these examples have
  std::span<const std::uint64_t> without_row;  // of them, that the model has no row for
};
Buffer EncodeScores(const ScoresMessage& message);
// Throws Error(kPeer): a label that is neither 0 nor 1, a weight that is not finite or below 0,
// more values without a row than values, a count beyond the payload, bytes left over.
ScoresMessage DecodeScores(std::span<const std::byte> payload);

}  // namespace fathom
