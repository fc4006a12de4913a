// What the frames between workers, servers and the coordinator say.
//
// Bulk messages (pull, rows, push, scores) are arrays in a payload (frame.h) and are read where
// they lie; their encoders and decoders stand here, once, for both sides. Control messages are
// flat structs that go through cereal over a bounded archive (saved_message.h, control_archive.h).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/aligned_vector.h"
#include "common/key.h"
#include "common/model/model_spec.h"
#include "common/net/frame.h"
#include "common/schedule/slice_tree.h"

namespace fathom {

// worker -> server. frame.step: the batch that the worker will train on these rows, or the version
// of the model that it will evaluate. The server answers once its rows are fit for that: in sync
// mode when they hold exactly `step` steps, else as server/service/pull_gate.h says.
//   payload   flags u32 (1: will_push, 2: wants_dense) | tables u32 | each table
//   a table   count u64 | keys u64[count]
// A table's keys are unique, ascending, and all in the server's partitions: checked by the decoder.
struct PullMessage {
  bool will_push = false;                  // training: a push that refers to these keys follows
  bool wants_dense = false;                // also send the server's range of the dense parameters
  std::vector<std::span<const Key>> keys;  // by table; in a decoded message views into the payload
};
Buffer EncodePull(const PullMessage& message);
PullMessage DecodePull(std::span<const std::byte> payload, std::size_t tables, int server,
                       int servers);

// server -> worker. frame.step: that of the pull.
//   payload   will_push u64, of the pull | dense count u64 | dense f32[count] | each table
//   a table   count u64 | wide weights f32[count] if wide | embeddings f32[count x dim] if deep
// With RowFormat::kBfloat16 the tables' arrays are bf16 on the wire, float32 in the message.
struct RowsMessage {
  bool will_push = false;
  std::span<const float> dense;
  struct Table {
    std::span<const float> wide;  // [count]
    std::span<const float> deep;  // [count x dim]
  };
  std::vector<Table> tables;
  std::vector<AlignedVector<float>> converted;  // what the tables view, if not the payload
};
bool AnswersTraining(std::span<const std::byte> payload);  // its will_push
RowsMessage DecodeRows(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       RowFormat format = RowFormat::kFloat32);

// worker -> server. frame.step: the step whose gradients these are. Rows are named by their
// position in the pull of the same step.
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
    std::span<const float> dense;  // the server's range, or empty
    std::vector<Table> tables;
  };
  std::uint32_t slices = 0;                     // of the batch
  std::vector<Node> nodes;                      // ascending, disjoint
  std::vector<AlignedVector<float>> converted;  // what the tables view, if not the payload
};
// `pulled` [table]: how many keys the matching pull had. Checks counts, order and ranges.
PushMessage DecodePush(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       std::span<const std::size_t> pulled, std::size_t dense_floats,
                       RowFormat format = RowFormat::kFloat32);

// The range of the dense parameters that a server owns: [first, second), multiples of 16 floats.
std::pair<std::size_t, std::size_t> DenseRange(std::size_t dense_floats, int server, int servers);

// worker -> coordinator, after each step. frame.step: the step.
//   payload   first_slice u32 | count u32 | loss sums f64[count] | examples u32[count]
struct StepDoneMessage {
  std::uint32_t first_slice = 0;
  std::span<const double> loss_sums;        // a slice: sum of log losses before the update
  std::span<const std::uint32_t> examples;  // a slice
};
Buffer EncodeStepDone(const StepDoneMessage& message);
StepDoneMessage DecodeStepDone(std::span<const std::byte> payload);

// coordinator -> worker: what to do next. frame.step: the step to train, or the version of the
// model to evaluate.
//   payload   kind u64
enum class OrderKind : std::uint64_t { kTrain = 1, kEvaluate = 2, kFinish = 3 };
struct StepOrder {
  OrderKind kind = OrderKind::kFinish;
  std::uint64_t step = 0;
  friend bool operator==(const StepOrder&, const StepOrder&) = default;
};
Buffer EncodeOrder(OrderKind kind);
OrderKind DecodeOrder(std::span<const std::byte> payload);

// worker -> coordinator: scores of evaluation examples [first, first + count). frame.step: the
// version of the model that scored them.
//   payload   first u64 | count u64 | grouped u64 | logits f32[count] | labels u8[count] |
//             groups u64[count] if grouped
struct ScoresMessage {
  std::uint64_t first = 0;
  std::span<const float> logits;
  std::span<const std::uint8_t> labels;
  std::span<const Key> groups;  // empty: not grouped
};
Buffer EncodeScores(const ScoresMessage& message);
ScoresMessage DecodeScores(std::span<const std::byte> payload);

}  // namespace fathom
