// The best model of a run, as its evaluations on the validation part say (evaluate.best): which one
// it is, its files beside the checkpoints, when the run has gone on without a better one for too
// long (train.patience).
//
// It is saved when it is found, before training goes on. Of equal ones the earlier stays; a metric
// that is not a number is never best.
// Thread rule: the coordinator's thread. Failures: Error(kModel) where it cannot be written.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/metrics/metrics.h"
#include "common/run/best_dir.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/model_save.h"

namespace fathom {

class BestModel {
 public:
  // `before`: what the checkpoint says from which the run goes on.
  BestModel(const RunContext& context, const Schedule& schedule,
            const std::optional<BestSoFar>& before);

  // Nothing: the run keeps its last model.
  const std::optional<BestSoFar>& so_far() const { return so_far_; }

  // Whether there is one.
  bool found() const { return so_far_ && so_far_->best.step > 0; }

  // The evaluation of the model after `step`. True: it is better than all before, and is to be
  // saved now. One that was judged before the run was resumed changes nothing.
  bool Judge(std::uint64_t step, const Metrics& metrics);

  // Whether the model after `step` is still to be judged, and saved if it is the best.
  bool Pending(std::uint64_t step) const { return schedule_.JudgeAfter(step) && settled_ < step; }

  // The model after `step` is judged, and saved if it is the best.
  void Settled(std::uint64_t step) { settled_ = step; }

  // Whether train.patience is over.
  bool exhausted() const;

  // Begins to save the one that was just judged; returns what every server is to be asked.
  SaveRequest Begin();
  bool busy() const { return save_.has_value(); }
  std::uint64_t step() const { return save_->step(); }

  // Whether this server's answer is awaited. Add takes it.
  bool Awaits(int server) const { return save_ && save_->Awaits(server); }
  void Add(int server, SavedMessage saved) { save_->Add(server, std::move(saved)); }
  ReceivedFiles& received() { return save_->received(); }
  bool complete() const { return save_ && save_->complete(); }

  // All servers have answered: it takes its name, those that nothing needs any more go.
  void Finish(const ModelTexts& texts);

  // Puts it, with all that the evaluations have said, into `dir`, which is there and empty.
  void CopyTo(const std::filesystem::path& dir) const;

  // Removes those that neither a checkpoint nor the run needs.
  void Prune() const;

 private:
  const RunContext& context_;
  const Schedule& schedule_;
  BestDir dir_;
  std::optional<BestSoFar> so_far_;
  std::uint64_t settled_ = 0;
  std::optional<ModelSave> save_;
};

}  // namespace fathom
