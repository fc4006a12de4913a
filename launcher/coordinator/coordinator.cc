#include "launcher/coordinator/coordinator.h"

#include <algorithm>
#include <string>

#include "common/error.h"
#include "common/log_line.h"
#include "common/message/failure_frames.h"
#include "common/message/file_answer.h"
#include "common/message/file_order.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/message/scores_message.h"
#include "common/message/step_done_message.h"
#include "common/message/step_order.h"
#include "launcher/coordinator/evaluation_report.h"
#include "launcher/coordinator/ratio.h"

namespace fathom {
namespace {

// With nothing counted yet.
std::vector<FieldCoverage> FieldsOf(const ModelSpec& spec) {
  std::vector<FieldCoverage> fields;
  for (const Field& field : spec.fields)
    fields.push_back({.name = field.name, .is_cross = field.is_cross});
  return fields;
}

// How often it looks whether the run is asked to stop.
constexpr auto kStopInterval = std::chrono::milliseconds(200);

}  // namespace

Coordinator::Coordinator(const RunContext& context, CoordinatorInputs inputs)
    : context_(context),
      inputs_(std::move(inputs)),
      peers_(context, context.layout.coordinator()),
      mailbox_(context.transport.mailbox(context.layout.coordinator())),
      recorder_(context.stages->Recorder(context.layout.coordinator())),
      schedule_(context.config, context.train_examples),
      dispatcher_(schedule_, context.layout.workers, context.evaluation_examples > 0,
                  context.start_step),
      losses_(schedule_, context.start_step),
      progress_report_(context.config, schedule_, inputs_.log),
      checkpoints_(context, schedule_),
      best_(context, schedule_, inputs_.best),
      progress_(inputs_.progress),
      worker_done_(static_cast<std::size_t>(context.layout.workers), false),
      last_heard_(Clock::now()) {}

CoordinatorResult Coordinator::Run() {
  Train();
  FillReport();
  if (result_.stopped) {
    EndEarly();
  } else if (training()) {
    SaveModel();
    if (last_step_) EndEarly();
  }
  EndAll();
  return std::move(result_);
}

// Until all steps and evaluations are in, or the run is stopped:
//   1. a frame is taken: losses, scores, a worker that wants its next batch, a server's answer
//   2. the best model so far, that all have written, takes its name, and training goes on
//   3. if the run was asked to stop, the servers are told to pause
//   4. a checkpoint that all have written is published; one that is due is asked for
void Coordinator::Train() {
  while (!Complete() && !EndsHere() && !result_.stopped) {
    const auto frame = AwaitUntil(Clock::now() + kStopInterval, "steps and scores of the workers");
    if (frame) Handle(*frame);
    ConsiderBest();
    ConsiderStop();
    ConsiderCheckpoint();
  }
}

bool Coordinator::Complete() const {
  return AllWorkersDone() && losses_.empty() && evaluations_.empty() && !checkpoints_.busy() &&
         !best_.busy() && !stop_;
}

// All losses below the step at which training ends early are in.
bool Coordinator::EndsHere() const { return last_step_ == steps_done(); }

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
         patience, what, steps_done());
  }
  if (!frame || frame->type == FrameType::kAlive) return std::nullopt;
  if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
  if (frame->type == FrameType::kPeerLost) {
    Fail(ExitCode::kPeer, "coordinator: lost {} after step {} while waiting for {}{}",
         peers_.NameOf(frame->source), steps_done(), what, LossReason(*frame));
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
    case FrameType::kFileOrder:
      return OnFileOrder(frame);
    case FrameType::kWorkerDone:
      return OnWorkerDone(frame);
    default:
      Fail(ExitCode::kPeer, "coordinator: {} from {} makes no sense here", Described(frame.type),
           peers_.NameOf(frame.source));
  }
}

void Coordinator::OnWorkerDone(const Frame& frame) {
  const auto worker = peers_.WorkerOf(frame);
  if (!worker || worker_done_[static_cast<std::size_t>(*worker)]) FailUnasked(frame);
  worker_done_[static_cast<std::size_t>(*worker)] = true;
}

int Coordinator::ServerOf(const Frame& frame) const {
  const auto server = peers_.ServerOf(frame);
  if (!server) FailUnasked(frame);
  return *server;
}

// What came makes no sense, or came already.
void Coordinator::FailUnasked(const Frame& frame) const {
  Fail(ExitCode::kPeer, "coordinator: {} sent {} for step {} that nobody asked for",
       peers_.NameOf(frame.source), Described(frame.type), frame.step);
}

// The losses are added in order of step and slice, so the sum does not depend on who computed them.
void Coordinator::OnStepDone(const Frame& frame) {
  const StepDoneMessage message = DecodeStepDone(frame.payload.bytes());
  if (!training() ||
      !losses_.Add(frame.step, message.first_slice, message.loss_sums, message.weight_sums))
    FailUnasked(frame);
  while (const auto step = losses_.TakeFinished()) {
    progress_.loss_sum += step->loss_sum;
    progress_.weight_sum += step->weight_sum;
    progress_.examples += step->examples;
    progress_report_.Finished(*step, progress_);
  }
}

void Coordinator::OnScores(const Frame& frame) {
  auto place = evaluations_
                   .try_emplace(frame.step, context_.evaluation_examples, context_.spec.grouped,
                                context_.spec.example_weights, FieldsOf(context_.spec))
                   .first;
  place->second.Add(DecodeScores(frame.payload.bytes()));
  if (!place->second.complete()) return;
  if (!training()) result_.logits = place->second.logits();
  Evaluate(frame.step, place->second);
  evaluations_.erase(place);
  dispatcher_.Evaluated(frame.step);
  GiveOrders();
}

EvaluationPart Coordinator::EvaluatedPart() const {
  return training() && best_.so_far() ? EvaluationPart::kValidation : context_.config.evaluate.on;
}

void Coordinator::Evaluate(std::uint64_t step, const EvaluationSink& evaluation) {
  auto computing = recorder_.Measure(Stage::kMetrics, step);
  const Metrics metrics = evaluation.Compute();
  computing.End();
  progress_report_.Evaluated(step == steps_done());
  ReportEvaluation(context_.mode, step, EvaluatedPart(), progress_report_.TrainingSeconds(),
                   metrics, inputs_.log);
  if (training() && schedule_.JudgeAfter(step)) return Judge(step, metrics);
  result_.report.evaluated = true;
  result_.report.metrics = metrics;
}

// Every server holds training back there. Where the run was asked to stop, the one that goes on
// judges this model.
void Coordinator::Judge(std::uint64_t step, const Metrics& metrics) {
  if (stop_) return;
  const bool better = best_.Judge(step, metrics);
  if (better || !best_.found()) {
    result_.report.evaluated = true;
    result_.report.metrics = metrics;
  }
  if (!better) return GoOn(step);
  AskToSave(best_.Begin(), step);
}

void Coordinator::ConsiderBest() {
  if (!best_.complete()) return;
  const std::uint64_t step = best_.step();
  inputs_.before_publishing();
  best_.Finish(inputs_.texts);
  progress_report_.Evaluated(step == steps_done());
  GoOn(step);
}

// Where a checkpoint is due, the servers go on once they have written it.
void Coordinator::GoOn(std::uint64_t step) {
  best_.Settled(step);
  if (step == schedule_.steps()) return;
  if (best_.exhausted()) {
    LogInfo("no better model in {} evaluations: training ends after step {} of {}",
            context_.config.train.patience, step, schedule_.steps());
    last_step_ = step;
  } else if (step != checkpoints_.due()) {
    peers_.SendToAll(RoleKind::kServer, FrameType::kGoOn, step);
  }
}

void Coordinator::OnNextOrder(const Frame& frame) {
  const auto worker = peers_.WorkerOf(frame);
  const bool hands_out = training() && context_.config.train.consistency != Consistency::kSync;
  if (!hands_out || !worker) {
    Fail(ExitCode::kPeer, "coordinator: {} asks what to do in a run that hands nothing out to it",
         peers_.NameOf(frame.source));
  }
  dispatcher_.Ask(*worker);
  GiveOrders();
}

void Coordinator::GiveOrders() {
  for (const auto& [worker, order] : dispatcher_.Take())
    peers_.Send(FrameType::kOrder, context_.layout.worker(worker), order.step,
                EncodeOrder(order.kind));
}

// The first signal: no server begins another step; what was begun is finished, and saved.
void Coordinator::ConsiderStop() {
  const bool in_training = training() && steps_done() < schedule_.steps();
  const bool judging = best_.busy() || best_.Pending(steps_done());
  const bool held = checkpoints_.busy() || judging || last_step_;
  if (stop_ || !in_training || held || !inputs_.stop_asked()) return;
  LogInfo("asked to stop: finishing the steps that were begun, then a checkpoint");
  stop_.emplace(context_.layout.servers);
  peers_.SendToAll(RoleKind::kServer, FrameType::kPause, steps_done());
}

void Coordinator::OnPaused(const Frame& frame) {
  if (!stop_ || !stop_->Add(ServerOf(frame), frame.step)) FailUnasked(frame);
  if (stop_->complete()) BeginCheckpoint(stop_->step(), true);
}

// In every mode the servers begin no step from due() on until they have saved.
void Coordinator::ConsiderCheckpoint() {
  if (checkpoints_.busy() && steps_done() == checkpoint_.step && !checkpoint_.progress)
    checkpoint_.progress = progress_;
  if (checkpoints_.complete() && checkpoint_.progress) {
    inputs_.before_publishing();
    ReportCheckpoint(checkpoints_.Finish(inputs_.texts, {checkpoint_.progress, best_.so_far()}));
    best_.Prune();
    result_.stopped = stop_.has_value();
  }
  const bool in_training = training() && steps_done() < schedule_.steps();
  const bool held = stop_ || checkpoints_.busy() || best_.Pending(steps_done()) || last_step_;
  if (!held && in_training && steps_done() == checkpoints_.due())
    BeginCheckpoint(steps_done(), false);
}

void Coordinator::BeginCheckpoint(std::uint64_t step, bool last) {
  checkpoint_ = {.step = step, .progress = {}};
  if (steps_done() == step) checkpoint_.progress = progress_;
  AskToSave(checkpoints_.Begin(step, last), step);
}

void Coordinator::AskToSave(const SaveRequest& request, std::uint64_t step) {
  for (int server = 0; server < context_.layout.servers; ++server)
    peers_.Send(FrameType::kSave, context_.layout.server(server), step, EncodeSave(request));
}

void Coordinator::OnSaved(const Frame& frame) {
  const int server = ServerOf(frame);
  if (best_.Awaits(server) && frame.step == best_.step())
    return best_.Add(server, TakeSaved(frame, server));
  if (!checkpoints_.Awaits(server) || frame.step != checkpoint_.step) FailUnasked(frame);
  checkpoints_.Add(server, TakeSaved(frame, server));
}

SavedMessage Coordinator::TakeSaved(const Frame& frame, int server) {
  SavedMessage saved = DecodeSaved(frame.payload.bytes());
  if (inputs_.digests != nullptr) inputs_.digests->Add(server, saved.digests);
  return saved;
}

void Coordinator::OnFileOrder(const Frame& frame) {
  const int server = ServerOf(frame);
  if (best_.Awaits(server) && frame.step == best_.step())
    return TakeFileOrder(frame, server, best_.received());
  if (!checkpoints_.Awaits(server) || frame.step != checkpoint_.step) FailUnasked(frame);
  TakeFileOrder(frame, server, checkpoints_.received());
}

void Coordinator::TakeFileOrder(const Frame& frame, int server, ReceivedFiles& files) {
  const FileAnswer answer = files.Take(server, DecodeFileOrder(frame.payload.bytes()));
  peers_.Send(FrameType::kFileAnswer, frame.source, frame.step, EncodeFileAnswer(answer));
}

void Coordinator::ReportCheckpoint(const CheckpointReport& report) {
  if (inputs_.log != nullptr) inputs_.log->Checkpoint(report);
  if (!report.failure.empty()) return;
  LogInfo(
      "checkpoint of step {}: {} rows, {:.1f} MB written in {:.2f} s, training held for {:.2f} s",
      report.step, report.rows, static_cast<double>(report.bytes_written) / 1e6, report.seconds,
      report.stall_seconds);
}

void Coordinator::FillReport() {
  FinalReport& report = result_.report;
  report.steps = steps_done();
  report.resumed_at = context_.start_step;
  report.examples = progress_.examples;
  report.examples_now = progress_.examples - inputs_.progress.examples;
  report.progressive_logloss = Ratio(progress_.loss_sum, progress_.weight_sum, 0);
  report.weighted = context_.spec.example_weights;
  report.training_weight = progress_.weight_sum;
  report.seconds = progress_report_.TrainingSeconds();
  report.examples_per_second = Ratio(static_cast<double>(report.examples_now), report.seconds, 0);
  report.checkpoints = checkpoints_.written();
  report.checkpoints_failed = checkpoints_.failed();
  report.checkpoint_stall_seconds = checkpoints_.stall_seconds();
  report.evaluated_on = EvaluatedPart();
  report.best = best_.so_far();
  report.ended_early = last_step_.has_value();
}

void Coordinator::SaveModel() {
  const auto span = recorder_.Measure(Stage::kSave, steps_done());
  ModelSave save(context_, context_.save_dir, steps_done());
  const bool kept = best_.found();  // its files are there already
  if (!kept) save.Begin();
  AskToSave({.kind = kept ? SaveKind::kNothing : SaveKind::kModel, .last = true}, steps_done());
  AwaitSaved(save);
  if (kept) {
    best_.CopyTo(context_.save_dir);
  } else {
    save.Finish(inputs_.texts, {.progress = {}, .best = best_.so_far()});
  }
  AddTables(save);
}

// Where training ends early, workers still ask what to do next.
void Coordinator::AwaitSaved(ModelSave& save) {
  while (!save.complete()) {
    const Frame frame = Await("the servers to save the model");
    if (last_step_ && peers_.WorkerOf(frame)) continue;
    const int server = ServerOf(frame);
    if (!save.Awaits(server)) FailUnasked(frame);
    if (frame.type == FrameType::kFileOrder) {
      TakeFileOrder(frame, server, save.received());
    } else if (frame.type == FrameType::kSaved) {
      save.Add(server, TakeSaved(frame, server));
    } else {
      FailUnasked(frame);
    }
  }
}

void Coordinator::AddTables(const ModelSave& save) {
  const TableStatistics& tables = save.tables();
  FinalReport& report = result_.report;
  report.rows = tables.rows;
  report.zero_wide_weights = tables.zero_wide_weights;
  report.evicted_rows = tables.evicted_rows;
  report.refused_updates = tables.refused_updates;
  report.cold_bytes = tables.cold_bytes;
  report.rows_asked = tables.rows_asked;
  report.rows_read = tables.rows_read;
  report.bytes_per_row =
      Ratio(static_cast<double>(tables.allocated_bytes), static_cast<double>(tables.rows), 0);
  report.staleness = save.staleness();
}

// The workers leave first: while one still waits for rows, no server may be gone.
void Coordinator::EndEarly() {
  peers_.SendToAll(RoleKind::kWorker, FrameType::kStop, steps_done());
  while (!AllWorkersDone()) {
    const Frame frame = Await("the workers to stop");
    if (frame.type == FrameType::kWorkerDone) OnWorkerDone(frame);
  }
}

void Coordinator::EndAll() {
  if (!result_.stopped && !last_step_)
    peers_.SendToAll(RoleKind::kWorker, FrameType::kStop, steps_done());
  peers_.SendToAll(RoleKind::kServer, FrameType::kStop, steps_done());
  context_.transport.Flush(context_.DeadlineFromNow());
}

}  // namespace fathom
