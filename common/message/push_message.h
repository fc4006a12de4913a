// worker -> server (kPush): gradients. Views into the payload. Its encoder is
// worker/model/row_gradients.h, which sums the gradients straight into the payload.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "common/aligned_vector.h"
#include "common/model/model_spec.h"
#include "common/schedule/slice_tree.h"

namespace fathom {

// frame.step: the step whose gradients these are. Rows are named by their position in the pull of
// the same step.
//   payload   slices u32, of the batch | nodes u32 | each node
//   a node    first_slice u32 | level u32 | dense count u64 | dense f32[count] | each table
//   a table   count u64 | all u64 (1: every pulled key, in order) | positions u32[count] unless all
//             | wide gradients f32[count] if wide | embedding gradients f32[count x dim] if deep
// With RowFormat::kBfloat16 the tables' gradients are bf16 on the wire, float32 in the message.
struct PushMessage {
  struct Table {
    bool all = false;
    std::span<const std::uint32_t> positions;  // ascending; empty if `all`
    std::span<const float> wide;               // [count]
    std::span<const float> deep;               // [count x dim]
    std::size_t count = 0;
  };
  struct Node {
    TreeNode node;
    // The server's range, or empty; then the sum of the weights of the node's examples, if they
    // have weights.
    std::span<const float> dense;
    std::vector<Table> tables;
  };
  std::uint32_t slices = 0;                     // of the batch
  std::vector<Node> nodes;                      // ascending, disjoint
  std::vector<AlignedVector<float>> converted;  // what the tables view, if not the payload
};

// Floats of a node's dense array where the server's range has so many.
inline std::size_t DensePushFloats(const ModelSpec& spec, std::size_t dense_floats) {
  return dense_floats + (spec.example_weights ? 1 : 0);
}

// `pulled` [table]: how many keys the matching pull had. Throws Error(kPeer): a node outside of the
// batch or out of order, positions that do not ascend or exceed the pull, another number of dense
// gradients than `dense_floats` (DensePushFloats), a count beyond the payload, bytes left over.
PushMessage DecodePush(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       std::span<const std::size_t> pulled, std::size_t dense_floats,
                       RowFormat format = RowFormat::kFloat32);

}  // namespace fathom
