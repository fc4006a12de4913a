// The stages of a run that are measured, by what does them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fathom {

enum class Stage : std::uint8_t {
  // A worker's own thread. Disjoint, but for kRowGradients, which is a part of kPush.
  kOrderWait,     // bounded, async: for the coordinator's next order
  kBatchWait,     // for the prefetch thread's batch
  kPullWait,      // for the rows, and copying them
  kCompute,       // forward and backward, all slices
  kRowGradients,  // summed straight into the push
  kPush,          // built and handed to the transport
  kEvaluation,
  kStopWait,  // at the end, while the others finish and the servers save
  // Beside it.
  kPull,       // from the first request of a batch until its last rows have arrived
  kSlice,      // forward and backward of one slice, on one compute thread
  kMakeBatch,  // prefetch thread
  kSendPull,   // prefetch thread
  // A server.
  kDecode,  // a pull or push taken apart and checked
  kFind,    // a pull's keys looked up
  kEncode,  // rows copied into the answer, and handed to the transport
  kUpdate,  // gradients summed, rows updated
  // A server or the coordinator.
  kSave,
  kIdle,  // for a message
  // The coordinator.
  kMetrics,
};
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::kMetrics) + 1;

// As in trace.json and metrics.jsonl: "row_gradients".
const char* StageName(Stage stage);

// For people: "waiting for rows".
const char* StageTitle(Stage stage);

// Whether its spans overlap with others of the same thread without lying inside them.
constexpr bool Overlaps(Stage stage) { return stage == Stage::kPull; }

}  // namespace fathom
