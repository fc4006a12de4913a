// The checkpoints of a run, as the coordinator sees them: when the next is due, what the servers
// are asked to write, what happens when one fails.
//
// One that fails (a full disk) is discarded and reported, and training goes on; after
// kMaxFailures in a row the run ends. The one before stays in any case.
// Thread rule: the coordinator's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/run/checkpoint_dir.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/model_save.h"

namespace fathom {

struct CheckpointReport {
  std::uint64_t step = 0;
  std::string failure;  // empty: it is complete
  // What has not changed since the checkpoint before is not written again.
  std::uint64_t bytes_written = 0;
  std::uint64_t rows = 0;
  double seconds = 0;        // from the request until it was complete
  double stall_seconds = 0;  // how long a server held training back for it, at most
};

class Checkpoints {
 public:
  static constexpr int kMaxFailures = 3;

  Checkpoints(const RunContext& context, const Schedule& schedule);

  // The step before which training is held back until a checkpoint is written; schedule.steps():
  // none any more.
  std::uint64_t due() const { return due_; }
  bool busy() const { return save_.has_value(); }

  // Begins a checkpoint, and returns what every server is to be asked. `last`: training ends with
  // it.
  SaveRequest Begin(std::uint64_t step, bool last);

  // Whether this server's answer is awaited. Add takes it.
  bool Awaits(int server) const { return save_ && save_->Awaits(server); }
  void Add(int server, SavedMessage saved) { save_->Add(server, std::move(saved)); }

  // While answers are awaited: what servers send that do not see the folder.
  ReceivedFiles& received() { return save_->received(); }

  // Whether all servers have answered: then Finish is due.
  bool complete() const { return save_ && save_->complete(); }

  // Publishes the checkpoint and removes old ones, or discards it. Throws Error(kModel) after too
  // many failures in a row, or if the last one of a run that was asked to stop fails.
  CheckpointReport Finish(const ModelTexts& texts, const ModelSave::History& history);

  std::uint64_t written() const { return written_; }
  std::uint64_t failed() const { return failed_; }
  double stall_seconds() const { return stall_seconds_; }

 private:
  void Publish(const ModelTexts& texts, const ModelSave::History& history);

  const RunContext& context_;
  const Schedule& schedule_;
  CheckpointDir dir_;
  std::uint64_t due_;
  const std::optional<std::uint64_t> source_;  // with which the run began, where it lies here
  std::optional<std::uint64_t> base_;  // the newest complete one that the servers may build upon
  std::optional<ModelSave> save_;
  std::string failure_;  // of the one at hand
  bool last_ = false;
  Clock::time_point begun_;
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
  int failed_in_a_row_ = 0;
  double stall_seconds_ = 0;
};

}  // namespace fathom
