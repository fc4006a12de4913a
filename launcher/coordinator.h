// The coordinator: one thread on rank 0 that follows the workers' steps, computes the metrics of
// each evaluation over all its examples, has the servers save the model and ends the run.
// In sync mode it is not asked during a step, so it slows nobody down; in the other modes it hands
// out the batches, a step ahead of their use.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/run_context.h"
#include "common/saved_message.h"
#include "common/schedule.h"
#include "launcher/evaluation_sink.h"
#include "launcher/metrics_log.h"
#include "launcher/order_desk.h"

namespace fathom {

// What goes into the model's folder beside the servers' files.
struct ModelTexts {
  std::string config_toml;
  std::string transforms_json;
};

struct CoordinatorResult {
  FinalReport report;
  std::vector<float> logits;  // kEvaluate: by example
};

class Coordinator {
 public:
  // kEvaluate: `log` may be null and `texts` are not used.
  Coordinator(const RunContext& context, MetricsLog* log, ModelTexts texts);

  // Returns when every role has been told to stop. Throws Error: a peer lost or silent beyond the
  // deadline, a role that failed (with its text).
  CoordinatorResult Run();

 private:
  // The losses of one step, as far as they have come in.
  struct StepLosses {
    std::vector<double> by_slice;
    std::uint32_t slices_in = 0;
  };

  Frame Await(Deadline deadline, const char* what);
  void Handle(const Frame& frame);
  void OnStepDone(const Frame& frame);
  void OnScores(const Frame& frame);
  void OnNextOrder(const Frame& frame);
  void GiveOrders();
  void FinishSteps();
  void CloseWindow(Clock::time_point now);
  void ReportProgress(Clock::time_point now);
  void Save();
  void Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload = {});
  bool Complete() const;

  const RunContext& context_;
  MetricsLog* log_;
  ModelTexts texts_;
  Mailbox& mailbox_;
  StageRecorder& recorder_;
  Schedule schedule_;
  OrderDesk desk_;
  CoordinatorResult result_;

  std::map<std::uint64_t, StepLosses> open_steps_;
  std::uint64_t steps_done_ = 0;                         // all steps below are complete
  std::map<std::uint64_t, EvaluationSink> evaluations_;  // by version
  std::uint64_t evaluations_done_ = 0;
  int workers_done_ = 0;

  double loss_sum_ = 0;  // over all examples so far
  std::uint64_t examples_ = 0;
  double window_loss_sum_ = 0;
  std::uint64_t window_examples_ = 0;
  double shown_loss_sum_ = 0;  // since the last line on the terminal
  std::uint64_t shown_examples_ = 0;
  Clock::time_point started_;
  Clock::time_point window_started_;
  Clock::time_point last_shown_;
  Clock::duration evaluating_{0};  // time between a last step before an evaluation and its end
  Clock::time_point last_step_done_;
};

}  // namespace fathom
