// The coordinator: one thread on rank 0 that follows the workers' steps, computes the metrics of
// each evaluation over all its examples, has the servers write checkpoints and the model, and ends
// the run: at the last step, or before if it is asked to. In sync mode workers and servers never
// wait for it during a step; in the other modes it hands out the batches, a step ahead of their
// use. Thread rule: one thread makes it and calls Run.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/model/model_file.h"
#include "common/run/run_context.h"
#include "common/schedule/schedule.h"
#include "launcher/coordinator/batch_dispatcher.h"
#include "launcher/coordinator/checkpoints.h"
#include "launcher/coordinator/evaluation_sink.h"
#include "launcher/coordinator/metrics_log.h"
#include "launcher/coordinator/model_save.h"

namespace fathom {

// What only the coordinator is given.
struct CoordinatorInputs {
  MetricsLog* log = nullptr;  // may be null
  ModelTexts texts;           // kTrain
  TrainingProgress progress;  // kTrain: before this run; `data` is that of the run
  // Whether the run shall write a checkpoint and end before its last step; asked now and then.
  std::function<bool()> stop_asked = [] { return false; };
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
  // The losses of one step, as far as they have come in.
  struct StepLosses {
    std::vector<double> by_slice;
    std::uint32_t slices_in = 0;
  };

  // A stop that was asked for: first the servers pause, then a step is found that all can save at.
  struct Stop {
    std::vector<bool> paused;  // by server
    std::uint64_t step = 0;
  };

  void Train();
  Frame Await(const char* what);
  std::optional<Frame> AwaitUntil(Deadline until, const char* what);
  void Handle(const Frame& frame);
  void OnPaused(const Frame& frame);
  void OnSaved(const Frame& frame);
  void ConsiderStop();
  void ConsiderCheckpoint();
  void BeginCheckpoint(std::uint64_t step, bool last);
  void ReportCheckpoint(const CheckpointReport& report);
  void EndEarly();
  void EndAll();
  void OnStepDone(const Frame& frame);
  void OnScores(const Frame& frame);
  void OnNextOrder(const Frame& frame);
  void GiveOrders();
  void FinishSteps();
  void CloseWindow(Clock::time_point now);
  void ReportProgress(Clock::time_point now);
  void SaveModel();
  void SendToAll(RoleKind kind, FrameType type, std::uint64_t step);
  void Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload = {});
  bool Complete() const;
  bool AllWorkersDone() const;
  int ServerOf(const Frame& frame) const;
  void OnWorkerDone(const Frame& frame);
  [[noreturn]] void FailUnasked(const Frame& frame) const;

  const RunContext& context_;
  CoordinatorInputs inputs_;
  MetricsLog* log_;
  Mailbox& mailbox_;
  StageRecorder& recorder_;
  Schedule schedule_;
  BatchDispatcher desk_;
  Checkpoints checkpoints_;
  std::uint64_t checkpoint_step_ = 0;                    // of the one at hand
  std::optional<TrainingProgress> checkpoint_progress_;  // as of the checkpoint at hand
  std::optional<Stop> stop_;
  CoordinatorResult result_;

  std::map<std::uint64_t, StepLosses> open_steps_;
  std::uint64_t steps_done_;                             // all steps below are complete
  std::map<std::uint64_t, EvaluationSink> evaluations_;  // by version
  std::uint64_t evaluations_done_ = 0;
  std::vector<bool> worker_done_;

  TrainingProgress progress_;  // over all examples so far, also before a resume
  double window_loss_sum_ = 0;
  std::uint64_t window_examples_ = 0;
  double shown_loss_sum_ = 0;  // since the last line on the terminal
  std::uint64_t shown_examples_ = 0;
  Clock::time_point started_;
  Clock::time_point window_started_;
  Clock::time_point last_shown_;
  Clock::duration evaluating_{0};  // time between a last step before an evaluation and its end
  Clock::time_point last_step_done_;
  Clock::time_point last_heard_;
};

}  // namespace fathom
