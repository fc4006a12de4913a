#include "common/aligned_vector.h"
#include "worker/row_client.h"

#include <algorithm>
#include <cstring>

#include "common/error.h"
#include "common/failure_frames.h"
#include "common/messages.h"

namespace fathom {
namespace {

// A server names a silent worker after one deadline; a worker that waits for rows speaks after
// two, so that the message that names the cause comes first.
constexpr int kPatience = 2;

// While the servers write the model nobody speaks to the workers.
constexpr int kStopPatience = 25;

void CopyFloats(std::span<const float> from, std::size_t at, AlignedVector<float>* into) {
  if (!from.empty()) std::memcpy(into->data() + at, from.data(), from.size_bytes());
}

}  // namespace

RowClient::RowClient(const RunContext& context, int worker)
    : context_(context),
      role_(context.layout.worker(worker)),
      mailbox_(context.transport.mailbox(role_)) {}

void RowClient::Pull(const Batch& batch, std::uint64_t version, Purpose purpose, bool wants_dense) {
  const int servers = context_.layout.servers;
  version_ = version;
  wants_dense_ = wants_dense;
  key_begins_.assign(batch.tables.size(), {});
  for (std::size_t t = 0; t < batch.tables.size(); ++t) {
    const std::vector<Key>& keys = batch.tables[t].keys;
    for (int s = 0; s <= servers; ++s) {
      const int partition = FirstPartition(s, servers);
      const auto end = std::partition_point(keys.begin(), keys.end(),
                                            [&](Key key) { return PartitionOf(key) < partition; });
      key_begins_[t].push_back(static_cast<std::size_t>(end - keys.begin()));
    }
  }
  for (int s = 0; s < servers; ++s) {
    PullMessage message{
        .will_push = purpose == Purpose::kTrain, .wants_dense = wants_dense, .keys = {}};
    for (std::size_t t = 0; t < batch.tables.size(); ++t) {
      message.keys.push_back(std::span(batch.tables[t].keys)
                                 .subspan(KeyBegin(t, s), KeyBegin(t, s + 1) - KeyBegin(t, s)));
    }
    context_.transport.Send({.type = FrameType::kPull,
                             .source = role_,
                             .destination = context_.layout.server(s),
                             .step = version,
                             .payload = EncodePull(message)});
  }
}

void RowClient::Await(PulledRows* rows) {
  const int servers = context_.layout.servers;
  rows->tables.resize(context_.spec.tables.size());
  rows->dense.resize(static_cast<std::size_t>(context_.spec.dense_floats));
  for (std::size_t t = 0; t < rows->tables.size(); ++t) {
    const TableSpec& spec = context_.spec.tables[t];
    const std::size_t keys = KeyBegin(t, servers);
    rows->tables[t].wide.resize(spec.wide ? keys : 0);
    rows->tables[t].deep.resize(keys * static_cast<std::size_t>(spec.dim));
  }
  std::vector<bool> answered(static_cast<std::size_t>(servers), false);
  const Deadline deadline = Clock::now() + kPatience * (context_.DeadlineFromNow() - Clock::now());
  for (int left = servers; left > 0; --left) {
    const Frame frame = Next(deadline, Silent(answered));
    const int server = static_cast<int>(frame.source) - static_cast<int>(context_.layout.server(0));
    const bool expected = frame.type == FrameType::kRows && frame.step == version_ && server >= 0 &&
                          server < servers && !answered[static_cast<std::size_t>(server)];
    if (!expected) {
      Fail(ExitCode::kPeer,
           "{}: a frame of type {} for step {} from {} makes no sense while rows of step {} are "
           "awaited",
           RoleAndPlace(context_.layout, role_), static_cast<int>(frame.type), frame.step,
           RoleAndPlace(context_.layout, frame.source), version_);
    }
    CopyRows(frame, server, rows);
    answered[static_cast<std::size_t>(server)] = true;
  }
}

void RowClient::CopyRows(const Frame& frame, int server, PulledRows* rows) const {
  const RowsMessage message = DecodeRows(frame.payload.bytes(), context_.spec.tables);
  const auto [dense_begin, dense_end] =
      DenseRange(rows->dense.size(), server, context_.layout.servers);
  bool fits = message.dense.size() == (wants_dense_ ? dense_end - dense_begin : 0);
  for (std::size_t t = 0; t < message.tables.size(); ++t) {
    const TableSpec& spec = context_.spec.tables[t];
    const std::size_t keys = KeyBegin(t, server + 1) - KeyBegin(t, server);
    fits = fits && message.tables[t].wide.size() == (spec.wide ? keys : 0) &&
           message.tables[t].deep.size() == keys * static_cast<std::size_t>(spec.dim);
  }
  if (!fits) {
    Fail(ExitCode::kPeer, "{} answered the pull of step {} with other rows than it was asked for",
         RoleAndPlace(context_.layout, frame.source), version_);
  }
  CopyFloats(message.dense, dense_begin, &rows->dense);
  for (std::size_t t = 0; t < message.tables.size(); ++t) {
    const std::size_t first = KeyBegin(t, server);
    CopyFloats(message.tables[t].wide, first, &rows->tables[t].wide);
    CopyFloats(message.tables[t].deep,
               first * static_cast<std::size_t>(context_.spec.tables[t].dim),
               &rows->tables[t].deep);
  }
}

std::string RowClient::Silent(const std::vector<bool>& answered) const {
  std::string names;
  for (std::size_t s = 0; s < answered.size(); ++s) {
    if (!answered[s])
      names += (names.empty() ? "" : ", ") +
               RoleAndPlace(context_.layout, context_.layout.server(static_cast<int>(s)));
  }
  return fmt::format("rows of step {} from {}", version_, names);
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

Frame RowClient::Next(Deadline deadline, const std::string& awaited) {
  auto frame = mailbox_.Take(deadline);
  if (!frame) {
    Fail(ExitCode::kPeer,
         "{}: nothing came within the deadline while waiting for {}; cluster.timeout_seconds = {}",
         RoleAndPlace(context_.layout, role_), awaited, context_.config.cluster.timeout_seconds);
  }
  if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
  if (frame->type == FrameType::kPeerLost) {
    Fail(ExitCode::kPeer, "{}: lost {} while waiting for {}{}",
         RoleAndPlace(context_.layout, role_), RoleAndPlace(context_.layout, frame->source),
         awaited, LossReason(*frame));
  }
  return std::move(*frame);
}

void RowClient::AwaitStop() {
  const Deadline deadline =
      Clock::now() + kStopPatience * (context_.DeadlineFromNow() - Clock::now());
  for (;;) {
    auto frame = mailbox_.Take(deadline);
    if (!frame)
      Fail(ExitCode::kPeer, "{}: the coordinator did not end the run within the deadline",
           RoleAndPlace(context_.layout, role_));
    if (frame->type == FrameType::kStop) return;
    if (frame->type == FrameType::kFailed) ThrowFailure(*frame);
    // The others are told to stop as well, and may be gone before this worker hears of it.
    if (frame->type == FrameType::kPeerLost && frame->source != context_.layout.coordinator())
      continue;
    Fail(ExitCode::kPeer, "{}: a frame of type {} from {} came instead of the end of the run{}",
         RoleAndPlace(context_.layout, role_), static_cast<int>(frame->type),
         RoleAndPlace(context_.layout, frame->source), LossReason(*frame));
  }
}

}  // namespace fathom
