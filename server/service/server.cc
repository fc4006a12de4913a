#include "server/service/server.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/message/failure_frames.h"
#include "common/message/messages.h"
#include "common/message/saved_message.h"
#include "common/run/checkpoint_dir.h"
#include "common/schedule/schedule.h"
#include "server/service/pull_gate.h"
#include "server/service/save_gate.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

// Pulls of one worker that may wait here: a worker asks for the batch at hand, for the one after
// it, and for an evaluation.
constexpr std::size_t kMaxWaitingPulls = 3;

// Pulls of one worker that may be answered and not pushed yet.
constexpr std::size_t kMaxOpenPulls = 2;

// An idle server looks at the clock at least this often.
constexpr auto kLongestWait = std::chrono::seconds(1);

// While it reads or writes files it tells the others about this often that it is alive.
constexpr auto kAliveInterval = std::chrono::milliseconds(500);

// A pull for a batch that is being computed.
struct OpenPull {
  std::uint64_t step = 0;
  PendingPull pull;
  std::uint64_t updates = 0;  // that the rows had seen
  Clock::time_point answered;
};

// A pull whose version is still to come.
struct WaitingPull {
  std::uint64_t step = 0;
  PendingPull pull;
};

// One worker, as this server knows it.
struct WorkerState {
  std::deque<WaitingPull> waiting;
  std::deque<OpenPull> open;
  std::optional<WorkerGradients> pushed;  // sync: of the current step
  Clock::time_point last_heard;
};

}  // namespace

class Server::Impl {
 public:
  Impl(const RunContext& context, int index);
  void Begin();
  bool Step(Deadline until);
  void Run();

 private:
  void Handle(Frame frame);
  void OnPull(Frame frame);
  void OnPush(Frame frame);
  void OnSave(const Frame& frame);
  void SaveIfDue();
  SavedMessage Save(const SaveRequest& request);
  void TellAlive();
  void OnPeerLost(const Frame& frame);
  bool MayAnswer(std::uint64_t step, const PendingPull& pull) const;
  void Answer(int worker, std::uint64_t step, PendingPull pull);
  OpenPull TakeOpenPull(const Frame& frame);
  void ApplyWhenAllPushed();
  void Apply(std::uint64_t step, std::span<WorkerGradients> gradients);
  void AnswerWaitingPulls();
  void CheckSilence() const;
  void CheckSilence(int worker, std::uint64_t step, Clock::time_point since) const;
  int WorkerOf(const Frame& frame) const;
  template <typename Decode>
  auto Decoded(const Frame& frame, const Decode& decode) const;
  void Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload);
  std::string Name() const { return RoleAndPlace(context_.layout, role_); }
  std::string NameOf(RoleId role) const { return RoleAndPlace(context_.layout, role); }

  const RunContext& context_;
  int index_;
  RoleId role_;
  Mailbox& mailbox_;
  StageRecorder& recorder_;
  Schedule schedule_;
  PullGate clock_;
  SaveGate gate_;
  Shard shard_;
  std::vector<WorkerState> workers_;
  std::size_t pushes_in_ = 0;     // sync: of the current step
  Clock::time_point first_push_;  // sync: of the current step
  Clock::time_point last_update_;
  Clock::time_point told_alive_{};
  StalenessHistogram staleness_;
  bool leaving_ = false;  // training is over: the others go, too
  bool stopped_ = false;
};

Server::Impl::Impl(const RunContext& context, int index)
    : context_(context),
      index_(index),
      role_(context.layout.server(index)),
      mailbox_(context.transport.mailbox(role_)),
      recorder_(context.stages->Recorder(role_)),
      schedule_(context.config, context.train_examples),
      clock_(context.config.train, schedule_.steps(), context.start_step),
      gate_(schedule_, context.start_step),
      shard_(context.config, context.spec, index, context.layout.servers),
      workers_(static_cast<std::size_t>(context.layout.workers)) {}

void Server::Impl::Begin() {
  const auto alive = [this] { TellAlive(); };
  if (context_.mode == RunMode::kEvaluate || context_.start == StartFrom::kResume) {
    shard_.Load(context_.model_dir, alive);
  } else if (context_.start == StartFrom::kWarm) {
    shard_.WarmStart(context_.model_dir, context_.config.warm_start.optimizer_state, alive);
  }
}

// A step:
//   1. each worker's pull is answered from the rows once the gates allow, its keys are remembered
//   2. sync: each worker's push is kept until the last one is in; else it is the whole batch's
//   3. the gradients are summed along the slice tree, the rows updated, the version grows by one
//   4. the model is saved if that was asked for
//   5. pulls that were waiting for this are answered
void Server::Impl::Run() {
  Begin();
  const auto timeout = context_.DeadlineFromNow() - Clock::now();
  const auto wait = std::min<Clock::duration>(kLongestWait, timeout / 4);
  while (Step(Clock::now() + wait)) {
  }
}

bool Server::Impl::Step(Deadline until) {
  auto idle = recorder_.Measure(Stage::kIdle);
  auto frame = mailbox_.Take(until);
  idle.End();
  if (frame) Handle(std::move(*frame));
  CheckSilence();
  return !stopped_;
}

void Server::Impl::Handle(Frame frame) {
  switch (frame.type) {
    case FrameType::kPull:
      return OnPull(std::move(frame));
    case FrameType::kPush:
      return OnPush(std::move(frame));
    case FrameType::kSave:
      return OnSave(frame);
    case FrameType::kPause:
      return Send(FrameType::kPaused, frame.source, gate_.Pause(), {});
    case FrameType::kStop:
      stopped_ = true;
      return;
    case FrameType::kFailed:
      ThrowFailure(frame);
    case FrameType::kPeerLost:
      return OnPeerLost(frame);
    default:
      Fail(ExitCode::kPeer, "{}: a frame of type {} from {} makes no sense here", Name(),
           static_cast<int>(frame.type), NameOf(frame.source));
  }
}

int Server::Impl::WorkerOf(const Frame& frame) const {
  const int worker = static_cast<int>(frame.source) - static_cast<int>(context_.layout.worker(0));
  if (worker < 0 || worker >= context_.layout.workers) {
    Fail(ExitCode::kPeer, "{}: {} sent a frame that only workers send", Name(),
         NameOf(frame.source));
  }
  return worker;
}

// Names the sender of a payload that does not decode.
template <typename Decode>
auto Server::Impl::Decoded(const Frame& frame, const Decode& decode) const {
  const auto span = recorder_.Measure(Stage::kDecode, frame.step);
  try {
    return decode(frame.payload.bytes());
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {} sent a bad frame for step {}: {}", Name(),
                                          NameOf(frame.source), frame.step, error.what()));
  }
}

void Server::Impl::OnPull(Frame frame) {
  const int worker = WorkerOf(frame);
  WorkerState& state = workers_[static_cast<std::size_t>(worker)];
  state.last_heard = Clock::now();
  PullMessage message = Decoded(frame, [&](std::span<const std::byte> payload) {
    return DecodePull(payload, context_.spec.tables.size(), index_, context_.layout.servers);
  });
  if (!clock_.Expects(frame.step, message.will_push)) {
    Fail(ExitCode::kPeer, "{}: {} asks for version {} {}; the model is at {} of {}", Name(),
         NameOf(frame.source), frame.step, message.will_push ? "to train on" : "to evaluate",
         clock_.version(), schedule_.steps());
  }
  auto finding = recorder_.Measure(Stage::kFind, frame.step);
  PendingPull pull = shard_.Find(std::move(frame.payload), std::move(message));
  const bool answered_now = MayAnswer(frame.step, pull);
  if (answered_now) shard_.FindDeferred(&pull);
  finding.End();
  if (answered_now) return Answer(worker, frame.step, std::move(pull));
  if (state.waiting.size() == kMaxWaitingPulls) {
    Fail(ExitCode::kPeer, "{}: {} has {} pulls waiting already and sends one for version {}",
         Name(), NameOf(frame.source), kMaxWaitingPulls, frame.step);
  }
  state.waiting.push_back({frame.step, std::move(pull)});
}

bool Server::Impl::MayAnswer(std::uint64_t step, const PendingPull& pull) const {
  if (!pull.message.will_push) return clock_.MayEvaluate(step);
  return clock_.MayTrain(step) && gate_.MayBegin(step);
}

void Server::Impl::Answer(int worker, std::uint64_t step, PendingPull pull) {
  const auto span = recorder_.Measure(Stage::kEncode, step);
  WorkerState& state = workers_[static_cast<std::size_t>(worker)];
  Send(FrameType::kRows, context_.layout.worker(worker), step, shard_.EncodeRows(pull));
  if (!pull.message.will_push) return;
  const bool again = std::any_of(state.open.begin(), state.open.end(),
                                 [&](const OpenPull& open) { return open.step == step; }) ||
                     (clock_.sync() && state.pushed);
  if (again || state.open.size() == kMaxOpenPulls) {
    Fail(ExitCode::kPeer, "{}: {} pulls {} for step {}", Name(),
         NameOf(context_.layout.worker(worker)),
         again ? "twice" : "without pushing what it pulled before,", step);
  }
  gate_.Begin(step);
  state.open.push_back({step, std::move(pull), clock_.applied(), Clock::now()});
}

// Throws where the worker has no such pull open.
OpenPull Server::Impl::TakeOpenPull(const Frame& frame) {
  auto& open = workers_[static_cast<std::size_t>(WorkerOf(frame))].open;
  const auto place = std::find_if(open.begin(), open.end(),
                                  [&](const OpenPull& pull) { return pull.step == frame.step; });
  if (place == open.end()) {
    Fail(ExitCode::kPeer,
         "{}: {} pushes gradients of step {} without a pull for it; the model is at {}", Name(),
         NameOf(frame.source), frame.step, clock_.version());
  }
  OpenPull pull = std::move(*place);
  open.erase(place);
  return pull;
}

void Server::Impl::OnPush(Frame frame) {
  WorkerState& state = workers_[static_cast<std::size_t>(WorkerOf(frame))];
  OpenPull open = TakeOpenPull(frame);
  std::vector<std::size_t> pulled;
  for (const auto& keys : open.pull.message.keys) pulled.push_back(keys.size());
  PushMessage message = Decoded(frame, [&](std::span<const std::byte> payload) {
    return DecodePush(payload, context_.spec.tables, pulled, shard_.dense_floats(),
                      context_.spec.row_format);
  });
  const std::uint32_t slices = schedule_.Plan(frame.step).slices;
  if (message.slices != slices) {
    Fail(ExitCode::kPeer,
         "{}: {} cuts step {} into {} slices, the schedule into {}; do all ranks have the same "
         "config?",
         Name(), NameOf(frame.source), frame.step, message.slices, slices);
  }
  state.last_heard = Clock::now();
  const std::size_t staleness =
      std::min<std::size_t>(clock_.applied() - open.updates, kMaxStaleness - 1);
  if (staleness_.size() <= staleness) staleness_.resize(staleness + 1);
  ++staleness_[staleness];
  WorkerGradients gradients{std::move(open.pull), std::move(frame.payload), std::move(message)};
  if (!clock_.sync()) return Apply(frame.step, {&gradients, 1});
  state.pushed = std::move(gradients);
  if (pushes_in_++ == 0) first_push_ = state.last_heard;
  if (pushes_in_ == workers_.size()) ApplyWhenAllPushed();
}

void Server::Impl::ApplyWhenAllPushed() {
  std::vector<WorkerGradients> gradients;
  for (WorkerState& worker : workers_) {
    gradients.push_back(std::move(*worker.pushed));
    worker.pushed.reset();
  }
  pushes_in_ = 0;
  Apply(clock_.version(), gradients);
}

void Server::Impl::Apply(std::uint64_t step, std::span<WorkerGradients> gradients) {
  auto updating = recorder_.Measure(Stage::kUpdate, step);
  shard_.Update(schedule_.Plan(step), gradients);
  updating.End();
  clock_.Applied(step);
  last_update_ = Clock::now();
  SaveIfDue();
  AnswerWaitingPulls();
}

void Server::Impl::AnswerWaitingPulls() {
  for (int worker = 0; worker < context_.layout.workers; ++worker) {
    auto& waiting = workers_[static_cast<std::size_t>(worker)].waiting;
    for (std::size_t i = 0; i < waiting.size();) {
      if (!MayAnswer(waiting[i].step, waiting[i].pull)) {
        ++i;
        continue;
      }
      WaitingPull ready = std::move(waiting[i]);
      waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(i));
      auto finding = recorder_.Measure(Stage::kFind, ready.step);
      shard_.FindMissing(&ready.pull);
      finding.End();
      Answer(worker, ready.step, std::move(ready.pull));
    }
  }
}

// Sync: once one worker has finished a step, the others have one deadline to be heard from. As
// long as none has, they may be busy with something long (an evaluation), and so nobody is late.
// Else: a worker that was given rows has one deadline while the others go on.
void Server::Impl::CheckSilence() const {
  for (int w = 0; w < context_.layout.workers; ++w) {
    const WorkerState& worker = workers_[static_cast<std::size_t>(w)];
    if (clock_.sync()) {
      if (pushes_in_ > 0 && !worker.pushed)
        CheckSilence(w, clock_.version(), std::max(first_push_, worker.last_heard));
    } else if (!worker.open.empty()) {
      const OpenPull& open = worker.open.front();
      if (last_update_ > open.answered)
        CheckSilence(w, open.step, std::max(open.answered, worker.last_heard));
    }
  }
}

void Server::Impl::CheckSilence(int worker, std::uint64_t step, Clock::time_point since) const {
  const double timeout = context_.config.cluster.timeout_seconds;
  const std::chrono::duration<double> silent = Clock::now() - since;
  if (silent.count() <= timeout) return;
  std::string others;
  if (clock_.sync()) others = fmt::format(", {} of {} workers have", pushes_in_, workers_.size());
  Fail(ExitCode::kPeer,
       "{}: {} has sent no gradients of step {} for {:.1f} s{}; see its log, or raise "
       "cluster.timeout_seconds",
       Name(), NameOf(context_.layout.worker(worker)), step, silent.count(), others);
}

void Server::Impl::OnSave(const Frame& frame) {
  const SaveRequest request =
      Decoded(frame, [](std::span<const std::byte> payload) { return DecodeSave(payload); });
  if (context_.mode != RunMode::kTrain || frame.source != context_.layout.coordinator() ||
      !gate_.Ask(frame.step, request)) {
    Fail(ExitCode::kPeer, "{}: {} asks to save the model of step {}, the model is at {}", Name(),
         NameOf(frame.source), frame.step, clock_.version());
  }
  SaveIfDue();
  AnswerWaitingPulls();  // those below the step, if a pause held them
}

void Server::Impl::SaveIfDue() {
  const auto request = gate_.Take(clock_.version());
  if (!request) return;
  leaving_ = request->last;
  const auto held_since = last_update_;
  auto saving = recorder_.Measure(Stage::kSave, clock_.version());
  SavedMessage saved = Save(*request);
  saving.End();
  saved.staleness = staleness_;
  saved.held_seconds = std::chrono::duration<double>(Clock::now() - held_since).count();
  Send(FrameType::kSaved, context_.layout.coordinator(), clock_.version(), EncodeSaved(saved));
}

// Where a checkpoint cannot be written the answer says why: the coordinator counts such failures
// and decides whether the run goes on.
SavedMessage Server::Impl::Save(const SaveRequest& request) {
  const auto alive = [this] { TellAlive(); };
  if (!request.checkpoint) return shard_.files().SaveModel(context_.save_dir, alive);
  const CheckpointDir checkpoints(context_.checkpoint_dir);
  try {
    return shard_.files().SaveCheckpoint(
        checkpoints.Partial(clock_.version()), clock_.version(),
        request.has_base ? std::optional(request.base_step) : std::nullopt,
        checkpoints.Complete(request.base_step), alive);
  } catch (const Error& error) {
    SavedMessage failed;
    failed.failure = fmt::format("{}: {}", Name(), error.what());
    return failed;
  }
}

void Server::Impl::TellAlive() {
  if (Clock::now() - told_alive_ < kAliveInterval) return;
  told_alive_ = Clock::now();
  for (const Role& role : context_.layout.roles) {
    if (role.kind != RoleKind::kServer) Send(FrameType::kAlive, role.id, clock_.version(), {});
  }
}

// Once training is over, workers and servers leave in any order, each when the coordinator tells
// it to stop. If one of them leaves too early, the coordinator notices it.
void Server::Impl::OnPeerLost(const Frame& frame) {
  const bool over = leaving_ || clock_.version() == schedule_.steps();
  if (over && frame.source != context_.layout.coordinator()) return;
  Fail(ExitCode::kPeer, "{}: lost {} in step {}{}", Name(), NameOf(frame.source), clock_.version(),
       LossReason(frame));
}

void Server::Impl::Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload) {
  context_.transport.Send({.type = type,
                           .source = role_,
                           .destination = to,
                           .step = step,
                           .payload = std::move(payload)});
}

Server::Server(const RunContext& context, int index)
    : impl_(std::make_unique<Impl>(context, index)) {}
Server::~Server() = default;
void Server::Run() { impl_->Run(); }
void Server::Begin() { impl_->Begin(); }
bool Server::Step(Deadline until) { return impl_->Step(until); }

}  // namespace fathom
