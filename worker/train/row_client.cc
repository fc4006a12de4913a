#include "worker/train/row_client.h"

#include <algorithm>
#include <cstring>

#include "common/aligned_vector.h"
#include "common/error.h"
#include "common/message/failure_frames.h"
#include "common/message/pull_message.h"
#include "common/message/rows_message.h"
#include "common/model/dense_range.h"
#include "common/partitions.h"

namespace fathom {
namespace {

// A server names a silent worker after one deadline; a worker that waits for rows speaks after
// two, so that the message that names the cause comes first.
constexpr int kPatience = 2;

// An order may have to wait until the others have finished their batches and an evaluation.
constexpr int kOrderPatience = 4;

// Pulls of a worker that may be open at once: of the batch at hand, the one after it, and an
// evaluation.
constexpr std::size_t kMaxRowFrames = 3;

// At the end the coordinator puts the model's folder together and says nothing meanwhile.
constexpr int kStopPatience = 4;

void CopyFloats(std::span<const float> from, std::size_t at, AlignedVector<float>* into) {
  if (!from.empty()) std::memcpy(into->data() + at, from.data(), from.size_bytes());
}

}  // namespace

RowClient::RowClient(const RunContext& context, int worker)
    : context_(context),
      role_(context.layout.worker(worker)),
      mailbox_(context.transport.mailbox(role_)),
      recorder_(context.stages->Recorder(role_)) {}

void RowClient::Pull(Batch* batch) const {
  batch->pulled_at = Clock::now();
  const int servers = context_.layout.servers;
  const Partitions cut(context_.config.server.partitions);
  for (TableBatch& table : batch->tables) {
    table.server_begins.clear();
    for (int s = 0; s <= servers; ++s) {
      const int partition = cut.First(s, servers);
      const auto end = std::partition_point(table.keys.begin(), table.keys.end(),
                                            [&](Key key) { return cut.Of(key) < partition; });
      table.server_begins.push_back(static_cast<std::size_t>(end - table.keys.begin()));
    }
  }
  for (int s = 0; s < servers; ++s) {
    const auto server = static_cast<std::size_t>(s);
    PullMessage message{
        .will_push = batch->will_push, .wants_dense = batch->wants_dense, .keys = {}};
    for (const TableBatch& table : batch->tables) {
      const std::size_t begin = table.server_begins[server];
      message.keys.push_back(
          std::span(table.keys).subspan(begin, table.server_begins[server + 1] - begin));
    }
    context_.transport.Send({.type = FrameType::kPull,
                             .source = role_,
                             .destination = context_.layout.server(s),
                             .step = batch->step,
                             .payload = EncodePull(message)});
  }
}

void RowClient::Await(const Batch& batch, PulledRows* rows) {
  const int servers = context_.layout.servers;
  rows->tables.resize(context_.spec.tables.size());
  rows->pulled_dense.resize(static_cast<std::size_t>(context_.spec.dense_floats));
  rows->dense = rows->pulled_dense;
  for (std::size_t t = 0; t < rows->tables.size(); ++t) {
    const TableSpec& spec = context_.spec.tables[t];
    const std::size_t keys = batch.tables[t].keys.size();
    rows->tables[t].wide.resize(spec.wide ? keys : 0);
    rows->tables[t].deep.resize(keys * static_cast<std::size_t>(spec.dim));
    rows->tables[t].has_row.resize(batch.will_push ? 0 : keys);
  }
  std::vector<bool> answered(static_cast<std::size_t>(servers), false);
  Clock::time_point arrived;
  for (int left = servers; left > 0; --left) {
    awaited_ = Silent(batch.step, answered);
    std::optional<Frame> frame = TakeRows(batch);
    while (!frame) {
      ReceiveWithin(kPatience);
      frame = TakeRows(batch);
    }
    const int server =
        static_cast<int>(frame->source) - static_cast<int>(context_.layout.server(0));
    if (server < 0 || server >= servers || answered[static_cast<std::size_t>(server)]) {
      Fail(ExitCode::kPeer, "{}: {} sent rows of step {} that nobody asked it for",
           RoleAndPlace(context_.layout, role_), RoleAndPlace(context_.layout, frame->source),
           frame->step);
    }
    CopyRows(*frame, batch, server, rows);
    answered[static_cast<std::size_t>(server)] = true;
    arrived = std::max(arrived, frame->arrived);
  }
  if (batch.will_push) recorder_.Record(Stage::kPull, batch.step, batch.pulled_at, arrived);
}

// The rows of a later batch may come while those of this one are awaited.
std::optional<Frame> RowClient::TakeRows(const Batch& batch) {
  for (auto frame = rows_.begin(); frame != rows_.end(); ++frame) {
    if (frame->step != batch.step || AnswersTraining(frame->payload.bytes()) != batch.will_push)
      continue;
    Frame found = std::move(*frame);
    rows_.erase(frame);
    return found;
  }
  return std::nullopt;
}

void RowClient::CopyRows(const Frame& frame, const Batch& batch, int server,
                         PulledRows* rows) const {
  const RowsMessage message =
      DecodeRows(frame.payload.bytes(), context_.spec.tables, context_.spec.row_format);
  const auto [dense_begin, dense_end] =
      DenseRange(rows->dense.size(), server, context_.layout.servers);
  bool fits = message.dense.size() == (batch.wants_dense ? dense_end - dense_begin : 0);
  const auto s = static_cast<std::size_t>(server);
  for (std::size_t t = 0; t < message.tables.size(); ++t) {
    const TableSpec& spec = context_.spec.tables[t];
    const auto& begins = batch.tables[t].server_begins;
    const std::size_t keys = begins[s + 1] - begins[s];
    fits = fits && message.tables[t].wide.size() == (spec.wide ? keys : 0) &&
           message.tables[t].deep.size() == keys * static_cast<std::size_t>(spec.dim);
  }
  if (!fits) {
    Fail(ExitCode::kPeer, "{} answered the pull of step {} with other rows than it was asked for",
         RoleAndPlace(context_.layout, frame.source), batch.step);
  }
  CopyFloats(message.dense, dense_begin, &rows->pulled_dense);
  for (std::size_t t = 0; t < message.tables.size(); ++t) {
    const std::size_t first = batch.tables[t].server_begins[s];
    CopyFloats(message.tables[t].wide, first, &rows->tables[t].wide);
    CopyFloats(message.tables[t].deep,
               first * static_cast<std::size_t>(context_.spec.tables[t].dim),
               &rows->tables[t].deep);
    if (batch.will_push) continue;
    const std::size_t keys = batch.tables[t].server_begins[s + 1] - first;
    for (std::size_t i = 0; i < keys; ++i)
      rows->tables[t].has_row[first + i] = message.tables[t].has_row[i / 64] >> i % 64 & 1U;
  }
}

std::string RowClient::Silent(std::uint64_t step, const std::vector<bool>& answered) const {
  std::string names;
  for (std::size_t s = 0; s < answered.size(); ++s) {
    if (!answered[s])
      names += (names.empty() ? "" : ", ") +
               RoleAndPlace(context_.layout, context_.layout.server(static_cast<int>(s)));
  }
  return fmt::format("rows of step {} from {}", step, names);
}

void RowClient::Push(std::uint64_t step, std::vector<Buffer> payloads) {
  for (std::size_t s = 0; s < payloads.size(); ++s) {
    context_.transport.Send({.type = FrameType::kPush,
                             .source = role_,
                             .destination = context_.layout.server(static_cast<int>(s)),
                             .step = step,
                             .payload = std::move(payloads[s])});
  }
}

void RowClient::AskForOrder() const {
  context_.transport.Send({.type = FrameType::kNextOrder,
                           .source = role_,
                           .destination = context_.layout.coordinator(),
                           .step = 0,
                           .payload = {}});
}

std::optional<StepOrder> RowClient::TakeOrder(bool wait) {
  const auto span = recorder_.Measure(Stage::kOrderWait);
  awaited_ = "what to do next, from the coordinator";
  while (!wait && orders_.empty() && Receive(Clock::now())) {
  }
  while (wait && orders_.empty()) ReceiveWithin(kOrderPatience);
  if (orders_.empty()) return std::nullopt;
  const StepOrder order = orders_.front();
  orders_.pop_front();
  return order;
}

// Takes one frame; fails if none comes within so many deadlines from now.
void RowClient::ReceiveWithin(int deadlines) {
  const auto patience = deadlines * (context_.DeadlineFromNow() - Clock::now());
  if (!Receive(Clock::now() + patience)) FailSilent();
}

// Takes one frame and puts it where it is looked for; false: none came before the deadline.
bool RowClient::Receive(Deadline deadline) {
  auto frame = mailbox_.Take(deadline);
  if (!frame) return false;
  switch (frame->type) {
    case FrameType::kFailed:
      ThrowFailure(*frame);
    case FrameType::kPeerLost:
      Fail(ExitCode::kPeer, "{}: lost {} while waiting for {}{}",
           RoleAndPlace(context_.layout, role_), RoleAndPlace(context_.layout, frame->source),
           awaited_, LossReason(*frame));
    case FrameType::kStop:
      throw RunStopped();
    case FrameType::kAlive:
      return true;
    case FrameType::kOrder:
      orders_.push_back({DecodeOrder(frame->payload.bytes()), frame->step});
      return true;
    case FrameType::kRows:
      if (rows_.size() < kMaxRowFrames * static_cast<std::size_t>(context_.layout.servers)) {
        rows_.push_back(std::move(*frame));
        return true;
      }
      [[fallthrough]];
    default:
      Fail(ExitCode::kPeer, "{}: {} for step {} from {} makes no sense while waiting for {}",
           RoleAndPlace(context_.layout, role_), Described(frame->type), frame->step,
           RoleAndPlace(context_.layout, frame->source), awaited_);
  }
}

void RowClient::FailSilent() const {
  Fail(ExitCode::kPeer,
       "{}: nothing came within the deadline while waiting for {}; cluster.timeout_seconds = {}",
       RoleAndPlace(context_.layout, role_), awaited_, context_.config.cluster.timeout_seconds);
}

void RowClient::AwaitStop() {
  const auto patience = [this] {
    return Clock::now() + kStopPatience * (context_.DeadlineFromNow() - Clock::now());
  };
  Deadline deadline = patience();
  for (;;) {
    auto frame = mailbox_.Take(deadline);
    if (!frame)
      Fail(ExitCode::kPeer, "{}: the coordinator did not end the run within the deadline",
           RoleAndPlace(context_.layout, role_));
    if (frame->type == FrameType::kStop) return;
    if (frame->type == FrameType::kAlive) {
      deadline = patience();
      continue;
    }
    if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
    // The others are told to stop as well, and may be gone before this worker hears of it.
    if (frame->type == FrameType::kPeerLost && frame->source != context_.layout.coordinator())
      continue;
    Fail(ExitCode::kPeer, "{}: {} from {} came instead of the end of the run{}",
         RoleAndPlace(context_.layout, role_), Described(frame->type),
         RoleAndPlace(context_.layout, frame->source), LossReason(*frame));
  }
}

}  // namespace fathom
