#include "launcher/coordinator/coordinator.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "common/error.h"
#include "common/message/failure_frames.h"
#include "common/run_log.h"

namespace fathom {
namespace {

// metrics.jsonl gets about this many "train" lines a run.
constexpr std::uint64_t kTrainWindows = 200;

// How often it looks whether the run is asked to stop.
constexpr auto kStopInterval = std::chrono::milliseconds(200);

double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

double Ratio(double a, double b) { return b > 0 ? a / b : 0; }

}  // namespace

Coordinator::Coordinator(const RunContext& context, CoordinatorInputs inputs)
    : context_(context),
      inputs_(std::move(inputs)),
      log_(inputs_.log),
      mailbox_(context.transport.mailbox(context.layout.coordinator())),
      recorder_(context.stages->Recorder(context.layout.coordinator())),
      schedule_(context.config, context.train_examples),
      desk_(schedule_, context.layout.workers, context.evaluation_examples > 0, context.start_step),
      checkpoints_(context, schedule_),
      steps_done_(context.start_step),
      worker_done_(static_cast<std::size_t>(context.layout.workers), false),
      progress_(inputs_.progress) {}

CoordinatorResult Coordinator::Run() {
  started_ = window_started_ = last_shown_ = last_step_done_ = last_heard_ = Clock::now();
  Train();
  FinalReport& report = result_.report;
  report.steps = steps_done_;
  report.resumed_at = context_.start_step;
  report.examples = progress_.examples;
  report.progressive_logloss = Ratio(progress_.loss_sum, static_cast<double>(progress_.examples));
  report.seconds = Seconds(last_step_done_ - started_ - evaluating_);
  report.examples_per_second =
      Ratio(static_cast<double>(progress_.examples - inputs_.progress.examples), report.seconds);
  report.checkpoints = checkpoints_.written();
  report.checkpoints_failed = checkpoints_.failed();
  report.checkpoint_stall_seconds = checkpoints_.stall_seconds();
  if (result_.stopped) {
    EndEarly();
  } else if (context_.mode == RunMode::kTrain) {
    SaveModel();
  }
  EndAll();
  return std::move(result_);
}

void Coordinator::Train() {
  while (!Complete() && !result_.stopped) {
    const auto frame = AwaitUntil(Clock::now() + kStopInterval, "steps and scores of the workers");
    if (frame) Handle(*frame);
    ConsiderStop();
    ConsiderCheckpoint();
  }
}

bool Coordinator::Complete() const {
  return AllWorkersDone() && open_steps_.empty() && evaluations_.empty() && !checkpoints_.busy() &&
         !stop_;
}

bool Coordinator::AllWorkersDone() const {
  return std::find(worker_done_.begin(), worker_done_.end(), false) == worker_done_.end();
}

Frame Coordinator::Await(const char* what) {
  for (;;) {
    if (auto frame = AwaitUntil(Clock::now() + kStopInterval, what)) return std::move(*frame);
  }
}

// Nothing: the time is over, or a server says that it is alive. Patience is twice the deadline of
// the other roles: whoever waits for a silent peer knows its name and speaks first.
std::optional<Frame> Coordinator::AwaitUntil(Deadline until, const char* what) {
  auto idle = recorder_.Measure(Stage::kIdle);
  auto frame = mailbox_.Take(until);
  idle.End();
  const double patience = 2 * context_.config.cluster.timeout_seconds;
  if (frame) last_heard_ = Clock::now();
  if (Seconds(Clock::now() - last_heard_) > patience) {
    Fail(ExitCode::kPeer, "coordinator: nothing came for {} s while waiting for {} after step {}",
         patience, what, steps_done_);
  }
  if (!frame || frame->type == FrameType::kAlive) return std::nullopt;
  if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
  if (frame->type == FrameType::kPeerLost) {
    Fail(ExitCode::kPeer, "coordinator: lost {} after step {} while waiting for {}{}",
         RoleAndPlace(context_.layout, frame->source), steps_done_, what, LossReason(*frame));
  }
  return frame;
}

void Coordinator::Handle(const Frame& frame) {
  switch (frame.type) {
    case FrameType::kStepDone:
      return OnStepDone(frame);
    case FrameType::kScores:
      return OnScores(frame);
    case FrameType::kNextOrder:
      return OnNextOrder(frame);
    case FrameType::kPaused:
      return OnPaused(frame);
    case FrameType::kSaved:
      return OnSaved(frame);
    case FrameType::kWorkerDone:
      return OnWorkerDone(frame);
    default:
      Fail(ExitCode::kPeer, "coordinator: a frame of type {} from {} makes no sense here",
           static_cast<int>(frame.type), RoleName(context_.layout.roles[frame.source]));
  }
}

void Coordinator::OnWorkerDone(const Frame& frame) {
  const int worker = static_cast<int>(frame.source) - static_cast<int>(context_.layout.worker(0));
  if (worker < 0 || worker >= context_.layout.workers ||
      worker_done_[static_cast<std::size_t>(worker)])
    FailUnasked(frame);
  worker_done_[static_cast<std::size_t>(worker)] = true;
}

int Coordinator::ServerOf(const Frame& frame) const {
  const int server = static_cast<int>(frame.source) - static_cast<int>(context_.layout.server(0));
  if (server < 0 || server >= context_.layout.servers) FailUnasked(frame);
  return server;
}

// What came makes no sense, or came already.
void Coordinator::FailUnasked(const Frame& frame) const {
  Fail(ExitCode::kPeer, "coordinator: {} sent a frame of type {} for step {} that nobody asked for",
       RoleAndPlace(context_.layout, frame.source), static_cast<int>(frame.type), frame.step);
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
  step.by_slice.resize(slices, NAN);
  if (message.first_slice > slices || message.loss_sums.size() > slices - message.first_slice) {
    Fail(ExitCode::kPeer, "coordinator: step {} has {} slices, losses came for {} from {}",
         frame.step, slices, message.loss_sums.size(), message.first_slice);
  }
  const auto place = step.by_slice.begin() + message.first_slice;
  const auto end = place + static_cast<std::ptrdiff_t>(message.loss_sums.size());
  if (!std::all_of(place, end, [](double loss) { return std::isnan(loss); })) FailUnasked(frame);
  std::copy(message.loss_sums.begin(), message.loss_sums.end(), place);
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
    progress_.loss_sum += loss;
    window_loss_sum_ += loss;
    shown_loss_sum_ += loss;
    progress_.examples += plan.examples;
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
                 .examples = progress_.examples,
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
  // The time of an evaluation does not count as training time.
  const auto evaluated_for = steps_done_ == frame.step ? now - last_step_done_ : Clock::duration(0);
  evaluating_ += evaluated_for;
  window_started_ += evaluated_for;
  last_shown_ += evaluated_for;
  last_step_done_ = now;
  if (log_ != nullptr) log_->Evaluation(frame.step, Seconds(now - started_ - evaluating_), metrics);
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
      context_.mode == RunMode::kTrain && context_.config.train.consistency != Consistency::kSync;
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

// The first signal: no server begins another step; what was begun is finished, and saved.
void Coordinator::ConsiderStop() {
  const bool training = context_.mode == RunMode::kTrain && steps_done_ < schedule_.steps();
  if (stop_ || !training || checkpoints_.busy() || !inputs_.stop_asked()) return;
  LogInfo("asked to stop: finishing the steps that were begun, then a checkpoint");
  stop_ =
      Stop{.paused = std::vector<bool>(static_cast<std::size_t>(context_.layout.servers), false),
           .step = 0};
  SendToAll(RoleKind::kServer, FrameType::kPause, steps_done_);
}

void Coordinator::OnPaused(const Frame& frame) {
  const auto server = static_cast<std::size_t>(ServerOf(frame));
  if (!stop_ || stop_->paused[server]) FailUnasked(frame);
  stop_->paused[server] = true;
  stop_->step = std::max(stop_->step, frame.step);
  const auto& paused = stop_->paused;
  if (std::find(paused.begin(), paused.end(), false) == paused.end())
    BeginCheckpoint(stop_->step, true);
}

// In every mode the servers begin no step from due() on until they have saved.
void Coordinator::ConsiderCheckpoint() {
  if (checkpoints_.busy() && steps_done_ == checkpoint_step_ && !checkpoint_progress_)
    checkpoint_progress_ = progress_;
  if (checkpoints_.complete() && checkpoint_progress_) {
    ReportCheckpoint(checkpoints_.Finish(inputs_.texts, *checkpoint_progress_));
    result_.stopped = stop_.has_value();
  }
  const bool training = context_.mode == RunMode::kTrain && steps_done_ < schedule_.steps();
  if (!stop_ && !checkpoints_.busy() && training && steps_done_ == checkpoints_.due())
    BeginCheckpoint(steps_done_, false);
}

void Coordinator::BeginCheckpoint(std::uint64_t step, bool last) {
  checkpoint_step_ = step;
  checkpoint_progress_.reset();
  if (steps_done_ == step) checkpoint_progress_ = progress_;
  const SaveRequest request = checkpoints_.Begin(step, last);
  for (int server = 0; server < context_.layout.servers; ++server)
    Send(FrameType::kSave, context_.layout.server(server), step, EncodeSave(request));
}

void Coordinator::OnSaved(const Frame& frame) {
  const int server = ServerOf(frame);
  if (!checkpoints_.Awaits(server) || frame.step != checkpoint_step_) FailUnasked(frame);
  checkpoints_.Add(server, DecodeSaved(frame.payload.bytes()));
}

void Coordinator::ReportCheckpoint(const CheckpointReport& report) {
  if (log_ != nullptr) log_->Checkpoint(report);
  if (!report.failure.empty()) return;
  LogInfo(
      "checkpoint of step {}: {} rows, {:.1f} MB written in {:.2f} s, training held for {:.2f} s",
      report.step, report.rows, static_cast<double>(report.bytes_written) / 1e6, report.seconds,
      report.stall_seconds);
}

void Coordinator::SaveModel() {
  const auto span = recorder_.Measure(Stage::kSave, steps_done_);
  ModelSave save(context_, context_.save_dir, steps_done_);
  save.Begin();
  for (int server = 0; server < context_.layout.servers; ++server)
    Send(FrameType::kSave, context_.layout.server(server), steps_done_,
         EncodeSave({.checkpoint = false, .last = true}));
  while (!save.complete()) {
    const Frame frame = Await("the servers to save the model");
    if (frame.type != FrameType::kSaved || !save.Awaits(ServerOf(frame))) FailUnasked(frame);
    save.Add(ServerOf(frame), DecodeSaved(frame.payload.bytes()));
  }
  save.Finish(inputs_.texts, std::nullopt);
  result_.report.rows = save.tables().rows;
  result_.report.zero_wide_weights = save.tables().zero_wide_weights;
  result_.report.evicted_rows = save.tables().evicted_rows;
  result_.report.refused_updates = save.tables().refused_updates;
  result_.report.cold_bytes = save.tables().cold_bytes;
  result_.report.rows_asked = save.tables().rows_asked;
  result_.report.rows_read = save.tables().rows_read;
  result_.report.bytes_per_row = Ratio(static_cast<double>(save.tables().allocated_bytes),
                                       static_cast<double>(save.tables().rows));
  result_.report.staleness = save.staleness();
}

// The workers leave first: while one still waits for rows, no server may be gone.
void Coordinator::EndEarly() {
  SendToAll(RoleKind::kWorker, FrameType::kStop, steps_done_);
  while (!AllWorkersDone()) {
    const Frame frame = Await("the workers to stop");
    if (frame.type == FrameType::kWorkerDone) OnWorkerDone(frame);
  }
}

void Coordinator::EndAll() {
  if (!result_.stopped) SendToAll(RoleKind::kWorker, FrameType::kStop, steps_done_);
  SendToAll(RoleKind::kServer, FrameType::kStop, steps_done_);
  context_.transport.Flush(context_.DeadlineFromNow());
}

void Coordinator::SendToAll(RoleKind kind, FrameType type, std::uint64_t step) {
  for (const Role& role : context_.layout.roles) {
    if (role.kind == kind) Send(type, role.id, step);
  }
}

void Coordinator::Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload) {
  context_.transport.Send({.type = type,
                           .source = context_.layout.coordinator(),
                           .destination = to,
                           .step = step,
                           .payload = std::move(payload)});
}

}  // namespace fathom
