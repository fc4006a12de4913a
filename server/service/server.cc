#include "server/service/server.h"

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/message/failure_frames.h"
#include "common/message/pull_message.h"
#include "common/message/push_message.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/run/peers.h"
#include "common/schedule/schedule.h"
#include "server/service/inbox.h"
#include "server/service/model_store.h"
#include "server/service/pull_gate.h"
#include "server/service/save_gate.h"
#include "server/service/shard_watch.h"
#include "server/service/step_pushes.h"
#include "server/service/worker_pulls.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

// An idle server looks at the clock at least this often.
constexpr auto kLongestWait = std::chrono::seconds(1);

// So often it looks who is silent: with each frame, that would cost the more the more workers send.
constexpr int kLooksInADeadline = 64;

// One worker, as this server knows it.
struct WorkerState {
  WorkerPulls pulls;
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
  void OnGoOn(const Frame& frame);
  void OnPeerLost(const Frame& frame);
  bool MayAnswer(std::uint64_t step, const PendingPull& pull) const;
  void Answer(int worker, WaitingPull ready);
  void AnswerWaitingPulls();
  OpenPull TakeOpenPull(int worker, std::uint64_t step);
  void CountStaleness(const OpenPull& open);
  void Apply(std::uint64_t step, std::span<WorkerGradients> gradients);
  void SaveIfDue();
  void CheckSilence() const;
  void CheckSilence(int worker, std::uint64_t step, Clock::time_point since) const;
  int WorkerOf(const Frame& frame) const;
  WorkerState& state(int worker) { return workers_[static_cast<std::size_t>(worker)]; }
  const WorkerState& state(int worker) const { return workers_[static_cast<std::size_t>(worker)]; }
  template <typename Decode>
  auto Decoded(const Frame& frame, const Decode& decode) const;

  const RunContext& context_;
  int index_;
  Peers peers_;
  Inbox inbox_;
  StageRecorder& recorder_;
  Schedule schedule_;
  PullGate pull_gate_;
  SaveGate save_gate_;
  Shard shard_;
  ModelStore store_;
  ShardWatch watch_;
  std::vector<WorkerState> workers_;
  StepPushes pushes_;  // sync
  Clock::time_point last_update_;
  Clock::time_point next_look_;  // for workers that are silent
  StalenessHistogram staleness_;
  bool leaving_ = false;  // training is over: the others go, too
  bool stopped_ = false;
};

Server::Impl::Impl(const RunContext& context, int index)
    : context_(context),
      index_(index),
      peers_(context, context.layout.server(index)),
      inbox_(context.transport.mailbox(context.layout.server(index))),
      recorder_(context.stages->Recorder(context.layout.server(index))),
      schedule_(context.config, context.train_examples),
      pull_gate_(context.config.train, schedule_.steps(), context.start_step),
      save_gate_(schedule_, context.start_step),
      shard_(context.config, context.spec, index, context.layout.servers),
      store_(context, peers_, &inbox_, &shard_),
      watch_(context, index, shard_),
      workers_(static_cast<std::size_t>(context.layout.workers)),
      pushes_(context.layout.workers) {}

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

void Server::Impl::Begin() {
  store_.Load();
  watch_.Loaded(pull_gate_.version());
}

bool Server::Impl::Step(Deadline until) {
  auto idle = recorder_.Measure(Stage::kIdle);
  auto frame = inbox_.Take(until);
  idle.End();
  if (frame) Handle(std::move(*frame));
  if (const auto now = Clock::now(); now >= next_look_) {
    next_look_ = now + (context_.DeadlineFromNow() - now) / kLooksInADeadline;
    CheckSilence();
  }
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
    case FrameType::kGoOn:
      return OnGoOn(frame);
    case FrameType::kPause:
      return peers_.Send(FrameType::kPaused, frame.source, save_gate_.Pause(), {});
    case FrameType::kStop:
      stopped_ = true;
      return;
    case FrameType::kFailed:
      ThrowFailure(frame);
    case FrameType::kPeerLost:
      return OnPeerLost(frame);
    default:
      Fail(ExitCode::kPeer, "{}: {} from {} makes no sense here", peers_.Name(),
           Described(frame.type), peers_.NameOf(frame.source));
  }
}

int Server::Impl::WorkerOf(const Frame& frame) const {
  const auto worker = peers_.WorkerOf(frame);
  if (!worker) {
    Fail(ExitCode::kPeer, "{}: {} sent a frame that only workers send", peers_.Name(),
         peers_.NameOf(frame.source));
  }
  return *worker;
}

// Names the sender of a payload that does not decode.
template <typename Decode>
auto Server::Impl::Decoded(const Frame& frame, const Decode& decode) const {
  const auto span = recorder_.Measure(Stage::kDecode, frame.step);
  try {
    return decode(frame.payload.bytes());
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("{}: {} sent a bad frame for step {}: {}", peers_.Name(),
                                          peers_.NameOf(frame.source), frame.step, error.what()));
  }
}

void Server::Impl::OnPull(Frame frame) {
  const int worker = WorkerOf(frame);
  state(worker).last_heard = Clock::now();
  PullMessage message = Decoded(frame, [&](std::span<const std::byte> payload) {
    return DecodePull(payload, context_.spec.tables.size(),
                      Partitions(context_.config.server.partitions), index_,
                      context_.layout.servers);
  });
  if (!pull_gate_.Expects(frame.step, message.will_push)) {
    Fail(ExitCode::kPeer, "{}: {} asks for version {} {}; the model is at {} of {}", peers_.Name(),
         peers_.NameOf(frame.source), frame.step, message.will_push ? "to train on" : "to evaluate",
         pull_gate_.version(), schedule_.steps());
  }
  auto finding = recorder_.Measure(Stage::kFind, frame.step);
  PendingPull pull = shard_.Find(std::move(frame.payload), std::move(message));
  const bool answered_now = MayAnswer(frame.step, pull);
  if (answered_now) shard_.FindDeferred(&pull);
  finding.End();
  WaitingPull asked{frame.step, std::move(pull)};
  if (answered_now) return Answer(worker, std::move(asked));
  if (!state(worker).pulls.MayWait()) {
    Fail(ExitCode::kPeer, "{}: {} has {} pulls waiting already and sends one for version {}",
         peers_.Name(), peers_.NameOf(frame.source), WorkerPulls::kMaxWaiting, frame.step);
  }
  state(worker).pulls.Wait(std::move(asked));
}

bool Server::Impl::MayAnswer(std::uint64_t step, const PendingPull& pull) const {
  if (!pull.message.will_push) return pull_gate_.MayEvaluate(step);
  return pull_gate_.MayTrain(step) && save_gate_.MayBegin(step);
}

void Server::Impl::Answer(int worker, WaitingPull ready) {
  const auto span = recorder_.Measure(Stage::kEncode, ready.step);
  peers_.Send(FrameType::kRows, context_.layout.worker(worker), ready.step,
              shard_.EncodeRows(ready.pull));
  if (!ready.pull.message.will_push) return;
  WorkerPulls& pulls = state(worker).pulls;
  const bool again = pulls.IsOpen(ready.step) || (pull_gate_.sync() && pushes_.Has(worker));
  if (again || !pulls.MayOpen()) {
    Fail(ExitCode::kPeer, "{}: {} pulls {} for step {}", peers_.Name(), peers_.NameOfWorker(worker),
         again ? "twice" : "without pushing what it pulled before,", ready.step);
  }
  save_gate_.Begin(ready.step);
  pulls.Open({ready.step, std::move(ready.pull), pull_gate_.applied(), Clock::now()});
}

void Server::Impl::AnswerWaitingPulls() {
  const auto may = [this](const WaitingPull& pull) { return MayAnswer(pull.step, pull.pull); };
  for (int worker = 0; worker < context_.layout.workers; ++worker) {
    while (auto ready = state(worker).pulls.TakeReady(may)) {
      auto finding = recorder_.Measure(Stage::kFind, ready->step);
      shard_.FindMissing(&ready->pull);
      finding.End();
      Answer(worker, std::move(*ready));
    }
  }
}

OpenPull Server::Impl::TakeOpenPull(int worker, std::uint64_t step) {
  auto pull = state(worker).pulls.TakeOpen(step);
  if (!pull) {
    Fail(ExitCode::kPeer,
         "{}: {} pushes gradients of step {} without a pull for it; the model is at {}",
         peers_.Name(), peers_.NameOfWorker(worker), step, pull_gate_.version());
  }
  return std::move(*pull);
}

void Server::Impl::OnPush(Frame frame) {
  const int worker = WorkerOf(frame);
  OpenPull open = TakeOpenPull(worker, frame.step);
  std::vector<std::size_t> pulled;
  for (const auto& keys : open.pull.message.keys) pulled.push_back(keys.size());
  PushMessage message = Decoded(frame, [&](std::span<const std::byte> payload) {
    return DecodePush(payload, context_.spec.tables, pulled,
                      DensePushFloats(context_.spec, shard_.dense_floats()),
                      context_.spec.row_format);
  });
  const std::uint32_t slices = schedule_.Plan(frame.step).slices;
  if (message.slices != slices) {
    Fail(ExitCode::kPeer,
         "{}: {} cuts step {} into {} slices, the schedule into {}; do all ranks have the same "
         "config?",
         peers_.Name(), peers_.NameOf(frame.source), frame.step, message.slices, slices);
  }
  const auto now = state(worker).last_heard = Clock::now();
  CountStaleness(open);
  WorkerGradients gradients{std::move(open.pull), std::move(frame.payload), std::move(message)};
  if (!pull_gate_.sync()) return Apply(frame.step, {&gradients, 1});
  pushes_.Add(worker, std::move(gradients), now);
  if (!pushes_.complete()) return;
  std::vector<WorkerGradients> all = pushes_.Take();
  Apply(pull_gate_.version(), all);
}

void Server::Impl::CountStaleness(const OpenPull& open) {
  const std::size_t staleness =
      std::min<std::size_t>(pull_gate_.applied() - open.updates, kMaxStaleness - 1);
  if (staleness_.size() <= staleness) staleness_.resize(staleness + 1);
  ++staleness_[staleness];
}

void Server::Impl::Apply(std::uint64_t step, std::span<WorkerGradients> gradients) {
  auto updating = recorder_.Measure(Stage::kUpdate, step);
  shard_.Update(schedule_.Plan(step), gradients);
  updating.End();
  watch_.Updated(step + 1);
  pull_gate_.Applied(step);
  last_update_ = Clock::now();
  SaveIfDue();
  AnswerWaitingPulls();
}

// Sync: once one worker has finished a step, the others have one deadline to be heard from. As
// long as none has, they may be busy with something long (an evaluation), and so nobody is late.
// Else: a worker that was given rows has one deadline while the others go on.
void Server::Impl::CheckSilence() const {
  for (int worker = 0; worker < context_.layout.workers; ++worker) {
    const WorkerState& one = state(worker);
    if (pull_gate_.sync()) {
      if (pushes_.count() > 0 && !pushes_.Has(worker))
        CheckSilence(worker, pull_gate_.version(), std::max(pushes_.first_came(), one.last_heard));
    } else if (const OpenPull* const open = one.pulls.oldest_open()) {
      if (last_update_ > open->answered)
        CheckSilence(worker, open->step, std::max(open->answered, one.last_heard));
    }
  }
}

void Server::Impl::CheckSilence(int worker, std::uint64_t step, Clock::time_point since) const {
  const double timeout = context_.config.cluster.timeout_seconds;
  const std::chrono::duration<double> silent = Clock::now() - since;
  if (silent.count() <= timeout) return;
  std::string others;
  if (pull_gate_.sync())
    others = fmt::format(", {} of {} workers have", pushes_.count(), pushes_.workers());
  Fail(ExitCode::kPeer,
       "{}: {} has sent no gradients of step {} for {:.1f} s{}; see its log, or raise "
       "cluster.timeout_seconds",
       peers_.Name(), peers_.NameOfWorker(worker), step, silent.count(), others);
}

void Server::Impl::OnSave(const Frame& frame) {
  const SaveRequest request =
      Decoded(frame, [](std::span<const std::byte> payload) { return DecodeSave(payload); });
  if (context_.mode != RunMode::kTrain || frame.source != context_.layout.coordinator() ||
      !save_gate_.Ask(frame.step, request)) {
    Fail(ExitCode::kPeer, "{}: {} asks to save the model of step {}, the model is at {}",
         peers_.Name(), peers_.NameOf(frame.source), frame.step, pull_gate_.version());
  }
  SaveIfDue();
  AnswerWaitingPulls();  // those below the step, if a pause held them
}

// The model of this version is judged and, where it is the best, saved.
void Server::Impl::OnGoOn(const Frame& frame) {
  if (frame.source != context_.layout.coordinator() || !save_gate_.GoOn(frame.step)) {
    Fail(ExitCode::kPeer, "{}: {} says that training goes on from step {}, the model is at {}",
         peers_.Name(), peers_.NameOf(frame.source), frame.step, pull_gate_.version());
  }
  AnswerWaitingPulls();
}

void Server::Impl::SaveIfDue() {
  const auto request = save_gate_.Take(pull_gate_.version());
  if (!request) return;
  leaving_ = request->last;
  const auto held_since = last_update_;
  auto saving = recorder_.Measure(Stage::kSave, pull_gate_.version());
  SavedMessage saved = store_.Save(*request, pull_gate_.version());
  saving.End();
  watch_.Saved(pull_gate_.version());
  saved.staleness = staleness_;
  saved.digests = shard_.TakeDigests();
  saved.held_seconds = std::chrono::duration<double>(Clock::now() - held_since).count();
  peers_.Send(FrameType::kSaved, context_.layout.coordinator(), pull_gate_.version(),
              EncodeSaved(saved));
}

// Once training is over, workers and servers leave in any order, each when the coordinator tells
// it to stop. If one of them leaves too early, the coordinator notices it.
void Server::Impl::OnPeerLost(const Frame& frame) {
  const bool over = leaving_ || pull_gate_.version() == schedule_.steps();
  if (over && frame.source != context_.layout.coordinator()) return;
  Fail(ExitCode::kPeer, "{}: lost {} in step {}{}", peers_.Name(), peers_.NameOf(frame.source),
       pull_gate_.version(), LossReason(frame));
}

Server::Server(const RunContext& context, int index)
    : impl_(std::make_unique<Impl>(context, index)) {}
Server::~Server() = default;
void Server::Run() { impl_->Run(); }
void Server::Begin() { impl_->Begin(); }
bool Server::Step(Deadline until) { return impl_->Step(until); }

}  // namespace fathom
