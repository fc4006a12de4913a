// coordinator -> worker (kOrder): what to do next.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "common/buffer.h"

namespace fathom {

// frame.step: the step to train, or the version of the model to evaluate.
//   payload   kind u64
enum class OrderKind : std::uint64_t { kTrain = 1, kEvaluate = 2, kFinish = 3 };
struct StepOrder {
  OrderKind kind = OrderKind::kFinish;
  std::uint64_t step = 0;
  friend bool operator==(const StepOrder&, const StepOrder&) = default;
};
Buffer EncodeOrder(OrderKind kind);
// Throws Error(kPeer): an unknown kind, too short, too long.
OrderKind DecodeOrder(std::span<const std::byte> payload);

}  // namespace fathom
