// Reads the model that a run starts from into a server's shard, and writes the shard into models
// and checkpoints. Tells the other roles meanwhile that the server is alive.
//
// Thread rule: the server's thread. What it is given must outlive it.
#pragma once

#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/run/peers.h"
#include "common/run/run_context.h"
#include "server/service/inbox.h"
#include "server/shard/shard.h"

namespace fathom {

class ModelStore {
 public:
  ModelStore(const RunContext& context, const Peers& peers, Inbox* inbox, Shard* shard)
      : context_(context), peers_(peers), inbox_(*inbox), shard_(*shard) {}

  // The model to evaluate, the checkpoint to go on from, the model to begin with; or nothing.
  // Throws Error(kModel): damaged, of another shape, or not the one that rank 0 has found.
  void Load();

  // Writes the shard as it is at `step`: into the model's folder or the best model's, which throws
  // Error(kModel) where that cannot be written; into a checkpoint's; or nowhere. They lie on rank
  // 0's host; where this one does not see them the files go over the network. A failure of a
  // checkpoint is in the answer: the coordinator counts such failures and decides whether the run
  // goes on. Throws Error(kNumeric) where a number of the model is not finite: names step, table
  // and key.
  SavedMessage Save(const SaveRequest& request, std::uint64_t step);

 private:
  void CheckModel() const;
  void Read();
  SavedMessage SaveInto(const ModelOutput& out, const SaveRequest& request, std::uint64_t step);
  SavedMessage SaveHere(const SaveRequest& request, std::uint64_t step);
  SavedMessage SaveThere(const SaveRequest& request, std::uint64_t step);
  void TellAlive(std::uint64_t step);

  const RunContext& context_;
  const Peers& peers_;
  Inbox& inbox_;
  Shard& shard_;
  Clock::time_point told_alive_{};
};

}  // namespace fathom
