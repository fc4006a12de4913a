#include "launcher/coordinator.h"

#include <algorithm>
#include <string>

#include "common/error.h"
#include "common/failure_frames.h"
#include "common/run_log.h"

namespace fathom {
namespace {

// metrics.jsonl gets about this many "train" lines a run.
constexpr std::uint64_t kTrainWindows = 200;

// A server that writes its part of a large model to a slow disk is silent for longer than a step.
constexpr int kSaveTimeouts = 20;

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double Ratio(double a, double b) { return b > 0 ? a / b : 0; }

void AddStaleness(const StalenessHistogram& more, StalenessHistogram* sum) {
  if (sum->size() < more.size()) sum->resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) (*sum)[i] += more[i];
}

}  // namespace

Coordinator::Coordinator(const RunContext& context, MetricsLog* log, ModelTexts texts)
    : context_(context),
      log_(log),
      texts_(std::move(texts)),
      mailbox_(context.transport.mailbox(context.layout.coordinator())),
      recorder_(context.stages->Recorder(context.layout.coordinator())),
      schedule_(context.config, context.train_examples),
      desk_(schedule_, context.layout.workers, context.evaluation_examples > 0) {}

CoordinatorResult Coordinator::Run() {
  started_ = window_started_ = last_shown_ = last_step_done_ = Clock::now();
  // Twice the deadline of the roles below: whoever waits for a silent peer knows its name and
  // speaks first.
  const auto patience = 2 * (context_.DeadlineFromNow() - Clock::now());
  while (!Complete()) Handle(Await(Clock::now() + patience, "steps and scores of the workers"));
  FinalReport& report = result_.report;
  report.steps = steps_done_;
  report.examples = examples_;
  report.progressive_logloss = Ratio(loss_sum_, static_cast<double>(examples_));
  report.seconds = Seconds(last_step_done_ - started_ - evaluating_);
  report.examples_per_second = Ratio(static_cast<double>(examples_), report.seconds);
  if (context_.mode == RunMode::kTrain) Save();
  for (const Role& role : context_.layout.roles) {
    if (role.kind != RoleKind::kCoordinator) Send(FrameType::kStop, role.id, steps_done_);
  }
  context_.transport.Flush(context_.DeadlineFromNow());
  return std::move(result_);
}

bool Coordinator::Complete() const {
  return workers_done_ == context_.layout.workers && open_steps_.empty() && evaluations_.empty();
}

Frame Coordinator::Await(Deadline deadline, const char* what) {
  auto idle = recorder_.Measure(Stage::kIdle);
  auto frame = mailbox_.Take(deadline);
  idle.End();
  if (!frame) {
    Fail(ExitCode::kPeer, "coordinator: nothing came for {} s while waiting for {} after step {}",
         2 * context_.config.cluster.timeout_seconds, what, steps_done_);
  }
  if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
  if (frame->type == FrameType::kPeerLost) {
    Fail(ExitCode::kPeer, "coordinator: lost {} after step {} while waiting for {}{}",
         RoleAndPlace(context_.layout, frame->source), steps_done_, what, LossReason(*frame));
  }
  return std::move(*frame);
}

void Coordinator::Handle(const Frame& frame) {
  switch (frame.type) {
    case FrameType::kStepDone:
      return OnStepDone(frame);
    case FrameType::kScores:
      return OnScores(frame);
    case FrameType::kNextOrder:
      return OnNextOrder(frame);
    case FrameType::kWorkerDone:
      ++workers_done_;
      return;
    default:
      Fail(ExitCode::kPeer, "coordinator: a frame of type {} from {} makes no sense here",
           static_cast<int>(frame.type), RoleName(context_.layout.roles[frame.source]));
  }
}

void Coordinator::OnStepDone(const Frame& frame) {
  const StepDoneMessage message = DecodeStepDone(frame.payload.bytes());
  if (context_.mode != RunMode::kTrain || frame.step < steps_done_ ||
      frame.step >= schedule_.steps()) {
    Fail(ExitCode::kPeer, "coordinator: losses of step {} came after step {} of {}", frame.step,
         steps_done_, schedule_.steps());
  }
  const std::uint32_t slices = schedule_.Plan(frame.step).slices;
  StepLosses& step = open_steps_[frame.step];
  step.by_slice.resize(slices);
  if (message.first_slice > slices || message.loss_sums.size() > slices - message.first_slice) {
    Fail(ExitCode::kPeer, "coordinator: step {} has {} slices, losses came for {} from {}",
         frame.step, slices, message.loss_sums.size(), message.first_slice);
  }
  std::copy(message.loss_sums.begin(), message.loss_sums.end(),
            step.by_slice.begin() + message.first_slice);
  step.slices_in += static_cast<std::uint32_t>(message.loss_sums.size());
  FinishSteps();
}

// Takes the complete steps off the front. Their losses are added in order of step and slice, so
// the sum does not depend on who computed them.
void Coordinator::FinishSteps() {
  const std::uint64_t window_steps = std::max<std::uint64_t>(1, schedule_.steps() / kTrainWindows);
  while (!open_steps_.empty()) {
    const auto first = open_steps_.begin();
    const StepPlan plan = schedule_.Plan(steps_done_);
    if (first->first != steps_done_ || first->second.slices_in < plan.slices) return;
    double loss = 0;
    for (double slice : first->second.by_slice) loss += slice;
    loss_sum_ += loss;
    window_loss_sum_ += loss;
    shown_loss_sum_ += loss;
    examples_ += plan.examples;
    window_examples_ += plan.examples;
    shown_examples_ += plan.examples;
    open_steps_.erase(first);
    ++steps_done_;
    const auto now = last_step_done_ = Clock::now();
    if (steps_done_ % window_steps == 0 || steps_done_ == schedule_.steps()) CloseWindow(now);
    ReportProgress(now);
  }
}

void Coordinator::CloseWindow(Clock::time_point now) {
  if (log_ != nullptr) {
    const double examples = static_cast<double>(window_examples_);
    log_->Train({.step = steps_done_,
                 .epoch = (steps_done_ - 1) / schedule_.steps_per_epoch(),
                 .examples = examples_,
                 .logloss = Ratio(window_loss_sum_, examples),
                 .examples_per_second = Ratio(examples, Seconds(now - window_started_))});
  }
  window_loss_sum_ = 0;
  window_examples_ = 0;
  window_started_ = now;
}

void Coordinator::ReportProgress(Clock::time_point now) {
  const bool last = steps_done_ == schedule_.steps();
  if (!last &&
      Seconds(now - last_shown_) < static_cast<double>(context_.config.output.progress_seconds))
    return;
  const double examples = static_cast<double>(shown_examples_);
  LogInfo("step {:>6} of {}   epoch {} of {}   log loss {:.5f}   {:>9.0f} examples/s", steps_done_,
          schedule_.steps(), (steps_done_ - 1) / schedule_.steps_per_epoch() + 1,
          context_.config.train.epochs, Ratio(shown_loss_sum_, examples),
          Ratio(examples, Seconds(now - last_shown_)));
  shown_loss_sum_ = 0;
  shown_examples_ = 0;
  last_shown_ = now;
}

void Coordinator::OnScores(const Frame& frame) {
  auto place =
      evaluations_.try_emplace(frame.step, context_.evaluation_examples, context_.spec.grouped)
          .first;
  place->second.Add(DecodeScores(frame.payload.bytes()));
  if (!place->second.complete()) return;
  auto computing = recorder_.Measure(Stage::kMetrics, frame.step);
  const Metrics metrics = place->second.Compute();
  computing.End();
  if (context_.mode == RunMode::kEvaluate) result_.logits = place->second.logits();
  evaluations_.erase(place);
  ++evaluations_done_;
  desk_.Evaluated(frame.step);
  GiveOrders();
  const auto now = Clock::now();
  // The time of an evaluation is nobody's training time.
  const auto evaluated_for = steps_done_ == frame.step ? now - last_step_done_ : Clock::duration(0);
  evaluating_ += evaluated_for;
  window_started_ += evaluated_for;
  last_shown_ += evaluated_for;
  last_step_done_ = now;
  if (log_ != nullptr) log_->Evaluation(frame.step, metrics);
  std::string gauc = metrics.gauc_groups > 0 ? fmt::format("   GAUC {:.5f} ({} groups)",
                                                           metrics.gauc, metrics.gauc_groups)
                                             : "";
  const std::string when =
      context_.mode == RunMode::kTrain ? fmt::format(" after step {}", frame.step) : "";
  LogInfo(
      "evaluation{}: AUC {:.5f} [{:.5f}, {:.5f}]   log loss {:.5f}   accuracy {:.4f}   calibration "
      "{:.4f}{}",
      when, metrics.auc, metrics.auc_low, metrics.auc_high, metrics.logloss, metrics.accuracy,
      metrics.calibration, gauc);
  result_.report.evaluated = true;
  result_.report.metrics = metrics;
}

void Coordinator::OnNextOrder(const Frame& frame) {
  const int worker = static_cast<int>(frame.source) - static_cast<int>(context_.layout.worker(0));
  const bool hands_out =
      context_.mode == RunMode::kTrain && context_.config.train.consistency != "sync";
  if (!hands_out || worker < 0 || worker >= context_.layout.workers) {
    Fail(ExitCode::kPeer, "coordinator: {} asks what to do in a run that hands nothing out to it",
         RoleAndPlace(context_.layout, frame.source));
  }
  desk_.Ask(worker);
  GiveOrders();
}

void Coordinator::GiveOrders() {
  for (const auto& [worker, order] : desk_.Take())
    Send(FrameType::kOrder, context_.layout.worker(worker), order.step, EncodeOrder(order.kind));
}

void Coordinator::Save() {
  const auto span = recorder_.Measure(Stage::kSave, steps_done_);
  const auto& dir = context_.save_dir;
  CreateDense(dir, static_cast<std::uint64_t>(context_.spec.dense_floats));
  for (int server = 0; server < context_.layout.servers; ++server) {
    Send(FrameType::kSave, context_.layout.server(server), steps_done_);
  }
  Manifest manifest{.step = steps_done_,
                    .seed = static_cast<std::uint64_t>(context_.config.seed),
                    .tables = context_.spec.tables,
                    .dense_floats = static_cast<std::uint64_t>(context_.spec.dense_floats),
                    .files = {}};
  std::uint64_t allocated = 0;
  const auto patience = kSaveTimeouts * (context_.DeadlineFromNow() - Clock::now());
  for (int server = 0; server < context_.layout.servers; ++server) {
    const Frame frame = Await(Clock::now() + patience, "the servers to save the model");
    if (frame.type != FrameType::kSaved)
      Fail(ExitCode::kPeer, "coordinator: expected kSaved, got frame type {}",
           static_cast<int>(frame.type));
    SavedMessage saved = DecodeSaved(frame.payload.bytes());
    AddStaleness(saved.staleness, &result_.report.staleness);
    for (auto& file : saved.files) manifest.files.push_back(std::move(file));
    for (const TableStatistics& table : saved.tables) {
      result_.report.rows += table.rows;
      result_.report.zero_wide_weights += table.zero_wide_weights;
      allocated += table.allocated_bytes;
    }
  }
  result_.report.bytes_per_row =
      Ratio(static_cast<double>(allocated), static_cast<double>(result_.report.rows));
  manifest.files.push_back(FinishDense(dir, manifest.dense_floats));
  manifest.files.push_back(WriteTextFile(dir, "config.toml", texts_.config_toml));
  manifest.files.push_back(WriteTextFile(dir, "transforms.json", texts_.transforms_json));
  std::sort(manifest.files.begin(), manifest.files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  WriteManifest(dir, manifest);
}

void Coordinator::Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload) {
  context_.transport.Send({.type = type,
                           .source = context_.layout.coordinator(),
                           .destination = to,
                           .step = step,
                           .payload = std::move(payload)});
}

}  // namespace fathom
