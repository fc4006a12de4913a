// The coordinator: one thread on rank 0 that follows the workers' steps, computes the metrics of
// each evaluation over all its examples, has the servers write checkpoints and the model, and ends
// the run: at the last step, or before if it is asked to or no better model comes any more. In sync
// mode workers and servers wait for it only where a model is judged (evaluate.best); in the other
// modes it hands out the batches, a step ahead of their use. Thread rule: one thread makes it and
// calls Run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/model/manifest.h"
#include "common/run/peers.h"
#include "common/run/run_context.h"
#include "common/run/step_digests.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/batch_dispatcher.h"
#include "launcher/coordinator/best_model.h"
#include "launcher/coordinator/checkpoints.h"
#include "launcher/coordinator/evaluation_sink.h"
#include "launcher/coordinator/metrics_log.h"
#include "launcher/coordinator/model_save.h"
#include "launcher/coordinator/paused_servers.h"
#include "launcher/coordinator/progress_report.h"
#include "launcher/coordinator/step_losses.h"

namespace fathom {

// What only the coordinator is given.
struct CoordinatorInputs {
  MetricsLog* log = nullptr;       // may be null
  StepDigests* digests = nullptr;  // kTrain, sync; may be null
  ModelTexts texts;                // kTrain
  TrainingProgress progress;       // kTrain: before this run
  std::optional<BestSoFar> best;   // kTrain: before this run
  // Whether the run shall write a checkpoint and end before its last step. Called after each frame,
  // and at least every 200 ms.
  std::function<bool()> stop_asked = [] { return false; };
  // Throws Error where this run may not publish a checkpoint (any more).
  std::function<void()> before_publishing = [] {};
};

struct CoordinatorResult {
  bool stopped = false;  // before the last step, with a checkpoint of report.steps
  FinalReport report;
  std::vector<float> logits;  // kEvaluate: by example
};

class Coordinator {
 public:
  Coordinator(const RunContext& context, CoordinatorInputs inputs);

  // Returns when every role has been told to stop. Throws Error: a peer lost or silent beyond the
  // deadline, a role that failed (with its text), a model that cannot be written.
  CoordinatorResult Run();

 private:
  // A checkpoint that the servers write.
  struct CheckpointAtHand {
    std::uint64_t step = 0;
    std::optional<TrainingProgress> progress;  // once all steps below are finished
  };

  // The loop
  void Train();
  bool Complete() const;
  bool EndsHere() const;
  bool AllWorkersDone() const;
  Frame Await(const char* what);
  std::optional<Frame> AwaitUntil(Deadline until, const char* what);
  void Handle(const Frame& frame);

  // Steps, evaluations and batches
  void OnStepDone(const Frame& frame);
  void OnScores(const Frame& frame);
  void Evaluate(std::uint64_t step, const EvaluationSink& evaluation);
  EvaluationPart EvaluatedPart() const;
  void Judge(std::uint64_t step, const Metrics& metrics);
  void ConsiderBest();
  void GoOn(std::uint64_t step);
  void OnNextOrder(const Frame& frame);
  void GiveOrders();
  void OnWorkerDone(const Frame& frame);

  // Checkpoints and the stop that was asked for
  void ConsiderStop();
  void OnPaused(const Frame& frame);
  void ConsiderCheckpoint();
  void BeginCheckpoint(std::uint64_t step, bool last);
  SavedMessage TakeSaved(const Frame& frame, int server);
  void OnSaved(const Frame& frame);
  void OnFileOrder(const Frame& frame);
  void ReportCheckpoint(const CheckpointReport& report);

  // The end
  void FillReport();
  void SaveModel();
  void AwaitSaved(ModelSave& save);
  void AddTables(const ModelSave& save);
  void EndEarly();
  void EndAll();

  void AskToSave(const SaveRequest& request, std::uint64_t step);
  void TakeFileOrder(const Frame& frame, int server, ReceivedFiles& files);
  int ServerOf(const Frame& frame) const;
  bool training() const { return context_.mode == RunMode::kTrain; }
  std::uint64_t steps_done() const { return losses_.finished(); }
  [[noreturn]] void FailUnasked(const Frame& frame) const;

  const RunContext& context_;
  CoordinatorInputs inputs_;
  Peers peers_;
  Mailbox& mailbox_;
  StageRecorder& recorder_;
  Schedule schedule_;
  BatchDispatcher dispatcher_;
  StepLosses losses_;
  ProgressReport progress_report_;
  Checkpoints checkpoints_;
  CheckpointAtHand checkpoint_;
  BestModel best_;
  std::optional<std::uint64_t> last_step_;  // once train.patience is over
  std::optional<PausedServers> stop_;       // once it is asked for
  TrainingProgress progress_;               // over all examples so far, also before a resume
  std::map<std::uint64_t, EvaluationSink> evaluations_;  // by version
  std::vector<bool> worker_done_;
  CoordinatorResult result_;
  Clock::time_point last_heard_;
};

}  // namespace fathom
