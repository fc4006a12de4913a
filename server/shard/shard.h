// A server's share of the model: the rows of its partitions of every table, and its range of the
// dense parameters. Knows nothing of peers, versions or deadlines. Thread rule: the server's
// thread.
#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "common/buffer.h"
#include "common/message/pull_message.h"
#include "common/message/push_message.h"
#include "common/model/partition_file.h"
#include "common/model/warm_mapping.h"
#include "common/net/payload.h"
#include "common/partitions.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "server/shard/row_limits.h"
#include "server/shard/shard_files.h"
#include "server/shard/step_digest.h"
#include "server/table/admission_filter.h"
#include "server/table/dense_table.h"
#include "server/table/gradient_merge.h"
#include "server/table/slab_arena.h"
#include "server/table/sparse_table.h"

namespace fathom {

// A worker's pull with the rows that its keys name.
struct PendingPull {
  Buffer payload;  // holds the keys of `message`
  PullMessage message;
  std::vector<std::vector<float*>> rows;  // [tables][keys]; null: no such row
  std::uint64_t row_generation = 0;       // of the shard, when they were found; or kDeferred
  static constexpr auto kDeferred = ~std::uint64_t{0};
};

// A worker's gradients of one step and the pull that they refer to.
struct WorkerGradients {
  PendingPull pull;
  Buffer payload;  // holds the arrays of `message`
  PushMessage message;
};

// What another model's files hold.
struct WarmSource {
  ModelSpec spec;
  WideConfig wide;  // a weight follows from what stands in its place by these settings
};

class Shard {
 public:
  Shard(const Config& config, const ModelSpec& spec, int server, int servers);

  // Reads the shard from the folder of a model or a checkpoint; `alive` is called now and then,
  // also within a partition. Throws Error(kModel): damaged, or of another shape.
  void Load(const std::filesystem::path& dir, const Alive& alive);

  // Begins with another model's rows and dense parameters, as far as they fit by name and shape
  // (common/model/warm_mapping.h). Wide weights keep their values under other settings of their
  // rule too. Throws Error(kModel): damaged; nothing fits.
  void WarmStart(const std::filesystem::path& dir, const WarmSource& source, bool optimizer_state,
                 const Alive& alive);

  // Looks the keys of a decoded pull up. What was found stays found until rows are evicted. With a
  // cold tier it only begins to read their rows; FindDeferred looks them up once they are needed.
  PendingPull Find(Buffer payload, PullMessage message);
  void FindDeferred(PendingPull* pull) const;
  // Looks again for the keys that had no row. If rows have moved since, looks for all keys again.
  void FindMissing(PendingPull* pull) const;

  // The payload of the answer (RowsMessage). Creates nothing.
  Buffer EncodeRows(const PendingPull& pull);

  // Takes one step: sums the gradients of all workers and updates the rows and the dense range.
  // Throws Error(kPeer) where the workers' nodes do not cover the slices exactly once,
  // Error(kNumeric) where a sum is not finite or beyond kMaxGradient: names table, key and step.
  void Update(const StepPlan& plan, std::span<WorkerGradients> workers);

  // The row's state (row_state.h) as it is now; empty: this shard has no such row. Valid until the
  // next call that may move rows.
  std::span<const float> StateOf(std::size_t table, Key key) const;

  // This server's range of the dense parameters, and the number of its first among all.
  std::span<const float> dense_values() const { return dense_.values(); }
  std::size_t dense_first() const { return dense_.first(); }

  // With train.digests in sync mode: what each Update since the last call has changed here.
  std::vector<std::uint64_t> TakeDigests() { return std::exchange(digests_, {}); }

  // Writes the shard.
  ShardFiles& files() { return files_; }

  std::size_t dense_floats() const { return dense_.values().size(); }

 private:
  // One node of one worker.
  struct Part {
    WorkerGradients* worker;
    const PushMessage::Node* node;
  };

  void FindAll(PendingPull* pull) const;
  void EncodeFloat32(const PendingPull& pull, std::size_t table, PayloadWriter* writer) const;
  void EncodeBfloat16(const PendingPull& pull, std::size_t table, PayloadWriter* writer) const;
  void TakeShareOfRate(double share);
  void RowsMoved(int partition);
  void ReadRows(const std::filesystem::path& dir, const Manifest& manifest, const Alive& alive,
                const RowVisitor& row);
  void WarmStartDense(const WarmMapping& map, const DenseState& then, bool with_state);
  void RestoreAdmission(const std::filesystem::path& dir, const Manifest& manifest,
                        const Alive& alive);
  // Places in the pull's keys of what the part names and has no row.
  static std::vector<std::size_t> MissingPlaces(std::size_t table, const Part& part);
  void CountMissing(std::size_t table, std::span<const Part> parts);
  void CreateMissing(std::uint64_t step, std::size_t table, const Part& part);
  void UpdateTable(std::uint64_t step, std::size_t table, std::span<const Part> parts);

  const ModelSpec& spec_;
  Partitions cut_;
  int first_partition_;
  int end_partition_;
  ColdTier cold_;
  SlabArena arena_;
  std::deque<SparseTable> tables_;
  DenseTable dense_;
  GradientMerge merge_;
  AdmissionFilter admission_;
  ShardFiles files_;
  RowLimits limits_;
  std::uint64_t row_generation_ = 0;  // another one whenever rows have moved
  bool keeps_digests_;
  StepDigest digest_;  // of the step at hand
  std::vector<std::uint64_t> digests_;
  double rate_share_ = 1;  // of the learning rates, as of the last update
};

}  // namespace fathom
