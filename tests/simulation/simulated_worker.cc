#include "tests/simulation/simulated_worker.h"

#include <cstring>
#include <vector>

#include "common/message/step_done_message.h"
#include "common/message/step_order.h"

namespace fathom::simulation {
namespace {

Buffer Copy(const Buffer& buffer) {
  Buffer copy(buffer.size());
  std::memcpy(copy.data(), buffer.data(), buffer.size());
  return copy;
}

}  // namespace

Gradients::Gradients(const std::vector<TableSpec>& tables, std::size_t dense_floats,
                     std::uint32_t slices, std::uint64_t steps) {
  // A few rows more with every step: two steps share their keys, the next two have others.
  for (std::uint64_t step = 0; step < steps; ++step)
    steps_.emplace_back(tables, dense_floats, slices, 1 + step / 2);
}

Buffer Gradients::Pull(std::uint64_t step, int part, int parts, int server, int servers) {
  auto [place, is_new] = pulls_.try_emplace({step, part, parts, server, servers});
  if (is_new) place->second = steps_[step].Pull(part, parts, server, servers);
  return Copy(place->second);
}

Buffer Gradients::Push(std::uint64_t step, int part, int parts, int server, int servers) {
  auto [place, is_new] = pushes_.try_emplace({step, part, parts, server, servers});
  if (is_new) place->second = steps_[step].Push(part, parts, server, servers);
  return Copy(place->second);
}

SimulatedWorker::SimulatedWorker(const RunContext& context, const Schedule& schedule, int index,
                                 Gradients& gradients)
    : context_(context),
      schedule_(schedule),
      index_(index),
      role_(context.layout.worker(index)),
      gradients_(gradients),
      next_pull_(context.start_step),
      next_push_(context.start_step) {}

void SimulatedWorker::Begin() {
  if (!sync()) return AskForOrder();
  for (int ahead = 0; ahead < 2 && next_pull_ < schedule_.steps(); ++ahead) Pull(next_pull_++);
  if (next_push_ == schedule_.steps()) Leave();
}

void SimulatedWorker::Handle(const Frame& frame) {
  if (done_ || failed_) return;
  waits_since_ = Clock::now();
  switch (frame.type) {
    case FrameType::kRows:
      if (++rows_[frame.step] == context_.layout.servers && !sync()) Compute(frame.step);
      while (sync() && rows_.count(next_push_) > 0 &&
             rows_[next_push_] == context_.layout.servers) {
        Compute(next_push_++);
        if (next_pull_ < schedule_.steps()) Pull(next_pull_++);
        if (next_push_ == schedule_.steps()) Leave();
      }
      return;
    case FrameType::kOrder:
      if (DecodeOrder(frame.payload.bytes()) == OrderKind::kTrain) {
        ++open_;
        return Pull(frame.step);
      }
      finished_ = true;
      return open_ == 0 ? Leave() : void();
    case FrameType::kStop:
      return Leave();
    case FrameType::kFailed:
    case FrameType::kPeerLost:
      failed_ = true;
      return;
    default:
      return;  // kAlive
  }
}

void SimulatedWorker::Pull(std::uint64_t step) {
  for (int s = 0; s < context_.layout.servers; ++s)
    Send(FrameType::kPull, context_.layout.server(s), step,
         gradients_.Pull(step, Part(), Parts(), s, context_.layout.servers));
}

void SimulatedWorker::Compute(std::uint64_t step) {
  rows_.erase(step);
  for (int s = 0; s < context_.layout.servers; ++s)
    Send(FrameType::kPush, context_.layout.server(s), step,
         gradients_.Push(step, Part(), Parts(), s, context_.layout.servers));
  const StepPlan plan = schedule_.Plan(step);
  const auto [begin, end] = SlicesOfWorker(plan.slices, Part(), Parts());
  const std::vector<double> losses(end - begin, 0.5);
  if (begin < end)
    Send(FrameType::kStepDone, context_.layout.coordinator(), step,
         EncodeStepDone({.first_slice = begin, .loss_sums = losses}));
  if (sync()) return;
  --open_;
  if (!finished_) return AskForOrder();
  if (open_ == 0) Leave();
}

void SimulatedWorker::AskForOrder() {
  Send(FrameType::kNextOrder, context_.layout.coordinator(), 0, {});
}

void SimulatedWorker::Leave() {
  if (!done_) Send(FrameType::kWorkerDone, context_.layout.coordinator(), schedule_.steps(), {});
  done_ = true;
}

void SimulatedWorker::Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload) {
  context_.transport.Send({.type = type,
                           .source = role_,
                           .destination = to,
                           .step = step,
                           .payload = std::move(payload)});
}

}  // namespace fathom::simulation
