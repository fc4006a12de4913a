#include "server/server.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/failure_frames.h"
#include "common/messages.h"
#include "common/saved_message.h"
#include "common/schedule.h"
#include "server/shard.h"

namespace fathom {
namespace {

// Pulls of versions to come that may wait here for one worker: a training pull and an evaluation
// pull, both of the next version.
constexpr std::size_t kMaxEarlyPulls = 2;

// An idle server looks at the clock at least this often.
constexpr auto kLongestWait = std::chrono::seconds(1);

// One worker, as this server knows it.
struct WorkerState {
  std::deque<PendingPull> early;          // of the next version
  std::optional<PendingPull> pulled;      // of the current step, awaiting its push
  std::optional<WorkerGradients> pushed;  // of the current step
  Clock::time_point last_heard;
};

}  // namespace

class Server::Impl {
 public:
  Impl(const RunContext& context, int index);
  void Run();

 private:
  void Handle(Frame frame);
  void OnPull(Frame frame);
  void OnPush(Frame frame);
  void OnSave(const Frame& frame);
  void OnPeerLost(const Frame& frame);
  void Answer(int worker, PendingPull pull);
  void Apply();
  void AnswerEarlyPulls();
  void CheckSilence() const;
  int WorkerOf(const Frame& frame) const;
  template <typename Decode>
  auto Decoded(const Frame& frame, const Decode& decode) const;
  void Send(FrameType type, RoleId to, Buffer payload);
  std::string Name() const { return RoleAndPlace(context_.layout, role_); }
  std::string NameOf(RoleId role) const { return RoleAndPlace(context_.layout, role); }

  const RunContext& context_;
  int index_;
  RoleId role_;
  Mailbox& mailbox_;
  Schedule schedule_;
  Shard shard_;
  std::vector<WorkerState> workers_;
  std::size_t pushes_in_ = 0;     // of the current step
  Clock::time_point first_push_;  // of the current step
  std::uint64_t version_ = 0;     // steps whose updates the rows hold
  bool stopped_ = false;
};

Server::Impl::Impl(const RunContext& context, int index)
    : context_(context),
      index_(index),
      role_(context.layout.server(index)),
      mailbox_(context.transport.mailbox(role_)),
      schedule_(context.config, context.train_examples),
      shard_(context.config, context.spec, index, context.layout.servers),
      workers_(static_cast<std::size_t>(context.layout.workers)) {
  if (context.mode == RunMode::kEvaluate) shard_.Load(context.model_dir);
}

// A step:
//   1. each worker's pull of version v is answered from the rows, and its keys are remembered
//   2. each worker's push of step v is kept until the last one is in
//   3. the gradients are summed along the slice tree, the rows updated: version v + 1
//   4. pulls that were waiting for this version are answered
void Server::Impl::Run() {
  const auto timeout = context_.DeadlineFromNow() - Clock::now();
  const auto wait = std::min<Clock::duration>(kLongestWait, timeout / 4);
  while (!stopped_) {
    if (auto frame = mailbox_.Take(Clock::now() + wait)) Handle(std::move(*frame));
    CheckSilence();
  }
}

void Server::Impl::Handle(Frame frame) {
  switch (frame.type) {
    case FrameType::kPull:
      return OnPull(std::move(frame));
    case FrameType::kPush:
      return OnPush(std::move(frame));
    case FrameType::kSave:
      return OnSave(frame);
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
  const std::uint64_t last = schedule_.steps();
  const bool early = frame.step == version_ + 1;
  if ((frame.step != version_ && !early) || frame.step > last ||
      (message.will_push && frame.step == last)) {
    Fail(ExitCode::kPeer, "{}: {} asks for version {} {}; the model is at {} of {}", Name(),
         NameOf(frame.source), frame.step, message.will_push ? "to train on" : "to evaluate",
         version_, last);
  }
  PendingPull pull = shard_.Find(std::move(frame.payload), std::move(message));
  if (!early) return Answer(worker, std::move(pull));
  if (state.early.size() == kMaxEarlyPulls) {
    Fail(ExitCode::kPeer, "{}: {} has {} pulls waiting already and sends one for version {}",
         Name(), NameOf(frame.source), kMaxEarlyPulls, frame.step);
  }
  state.early.push_back(std::move(pull));
}

void Server::Impl::Answer(int worker, PendingPull pull) {
  WorkerState& state = workers_[static_cast<std::size_t>(worker)];
  Send(FrameType::kRows, context_.layout.worker(worker), shard_.EncodeRows(pull));
  if (!pull.message.will_push) return;
  if (state.pulled || state.pushed) {
    Fail(ExitCode::kPeer, "{}: {} pulls twice for step {}", Name(),
         NameOf(context_.layout.worker(worker)), version_);
  }
  state.pulled = std::move(pull);
}

void Server::Impl::OnPush(Frame frame) {
  WorkerState& state = workers_[static_cast<std::size_t>(WorkerOf(frame))];
  if (frame.step != version_ || !state.pulled) {
    Fail(ExitCode::kPeer,
         "{}: {} pushes gradients of step {} without a pull for it; the model is at {}", Name(),
         NameOf(frame.source), frame.step, version_);
  }
  std::vector<std::size_t> pulled;
  for (const auto& keys : state.pulled->message.keys) pulled.push_back(keys.size());
  PushMessage message = Decoded(frame, [&](std::span<const std::byte> payload) {
    return DecodePush(payload, context_.spec.tables, pulled, shard_.dense_floats());
  });
  const std::uint32_t slices = schedule_.Plan(version_).slices;
  if (message.slices != slices) {
    Fail(ExitCode::kPeer,
         "{}: {} cuts step {} into {} slices, the schedule into {}; do all ranks have the same "
         "config?",
         Name(), NameOf(frame.source), version_, message.slices, slices);
  }
  state.last_heard = Clock::now();
  state.pushed =
      WorkerGradients{std::move(*state.pulled), std::move(frame.payload), std::move(message)};
  state.pulled.reset();
  if (pushes_in_++ == 0) first_push_ = state.last_heard;
  if (pushes_in_ == workers_.size()) Apply();
}

void Server::Impl::Apply() {
  std::vector<WorkerGradients> gradients;
  for (WorkerState& worker : workers_) {
    gradients.push_back(std::move(*worker.pushed));
    worker.pushed.reset();
  }
  pushes_in_ = 0;
  shard_.Update(schedule_.Plan(version_), gradients);
  ++version_;
  AnswerEarlyPulls();
}

void Server::Impl::AnswerEarlyPulls() {
  for (int worker = 0; worker < context_.layout.workers; ++worker) {
    auto& early = workers_[static_cast<std::size_t>(worker)].early;
    for (; !early.empty(); early.pop_front()) {
      shard_.FindMissing(&early.front());
      Answer(worker, std::move(early.front()));
    }
  }
}

// Once one worker has finished a step, the others have one deadline to be heard from. As long as
// none has, they may be busy with something long (an evaluation), and so nobody is late.
void Server::Impl::CheckSilence() const {
  if (pushes_in_ == 0) return;
  const double timeout = context_.config.cluster.timeout_seconds;
  for (int w = 0; w < context_.layout.workers; ++w) {
    const WorkerState& worker = workers_[static_cast<std::size_t>(w)];
    if (worker.pushed) continue;
    const std::chrono::duration<double> silent =
        Clock::now() - std::max(first_push_, worker.last_heard);
    if (silent.count() <= timeout) continue;
    Fail(ExitCode::kPeer,
         "{}: {} has sent no gradients of step {} for {:.1f} s, {} of {} workers have; see its "
         "log, or raise "
         "cluster.timeout_seconds",
         Name(), NameOf(context_.layout.worker(w)), version_, silent.count(), pushes_in_,
         workers_.size());
  }
}

void Server::Impl::OnSave(const Frame& frame) {
  if (context_.mode != RunMode::kTrain || frame.step != version_ || pushes_in_ > 0) {
    Fail(ExitCode::kPeer, "{}: {} asks to save the model of step {}, the model is at {}", Name(),
         NameOf(frame.source), frame.step, version_);
  }
  Send(FrameType::kSaved, frame.source, EncodeSaved(shard_.Save(context_.save_dir)));
}

// Once the last step is in, workers and servers leave as the coordinator tells them to stop, in
// any order; whether they left too early is the coordinator's to notice.
void Server::Impl::OnPeerLost(const Frame& frame) {
  if (version_ == schedule_.steps() && frame.source != context_.layout.coordinator()) return;
  Fail(ExitCode::kPeer, "{}: lost {} in step {}{}", Name(), NameOf(frame.source), version_,
       LossReason(frame));
}

void Server::Impl::Send(FrameType type, RoleId to, Buffer payload) {
  context_.transport.Send({.type = type,
                           .source = role_,
                           .destination = to,
                           .step = version_,
                           .payload = std::move(payload)});
}

Server::Server(const RunContext& context, int index)
    : impl_(std::make_unique<Impl>(context, index)) {}
Server::~Server() = default;
void Server::Run() { impl_->Run(); }

}  // namespace fathom
