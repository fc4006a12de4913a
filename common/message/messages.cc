#include "common/message/messages.h"

#include "common/bfloat16.h"
#include "common/error.h"

namespace fathom {
namespace {

constexpr std::uint32_t kWillPush = 1;
constexpr std::uint32_t kWantsDense = 2;
constexpr std::size_t kDenseAlignment = 16;  // floats

void CheckKeys(std::span<const Key> keys, int server, int servers) {
  if (keys.empty()) return;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i - 1] >= keys[i]) {
      Fail(ExitCode::kPeer, "a pull's keys must ascend: key {:016x} at {} comes after {:016x}",
           keys[i], i, keys[i - 1]);
    }
  }
  const int first = FirstPartition(server, servers);
  const int end = FirstPartition(server + 1, servers);
  if (PartitionOf(keys.front()) < first || PartitionOf(keys.back()) >= end) {
    Fail(ExitCode::kPeer,
         "a pull for server {} has keys of the partitions {} to {}, the server owns {} to {}",
         server, PartitionOf(keys.front()), PartitionOf(keys.back()), first, end - 1);
  }
}

// An array of a table's numbers, as float32 whatever their form on the wire.
std::span<const float> ReadNumbers(PayloadReader* reader, std::uint64_t count, RowFormat format,
                                   std::vector<AlignedVector<float>>* converted) {
  if (format == RowFormat::kFloat32) return reader->Array<float>(count);
  const auto halves = reader->Array<std::uint16_t>(count);
  AlignedVector<float>& numbers = converted->emplace_back(halves.size());
  FromBfloat16(halves, numbers.data());
  return numbers;
}

PushMessage::Table DecodePushTable(PayloadReader* reader, const TableSpec& spec, std::size_t pulled,
                                   RowFormat format, std::vector<AlignedVector<float>>* converted) {
  PushMessage::Table table;
  const auto count = reader->Get<std::uint64_t>();
  table.all = reader->Get<std::uint64_t>() != 0;
  if (count > pulled || (table.all && count != pulled)) {
    Fail(ExitCode::kPeer, "table {}: a push has gradients of {} rows, its pull had {}", spec.name,
         count, pulled);
  }
  table.count = static_cast<std::size_t>(count);
  if (!table.all) {
    table.positions = reader->Array<std::uint32_t>(count);
    for (std::size_t i = 0; i < table.positions.size(); ++i) {
      const bool ascends = i == 0 || table.positions[i - 1] < table.positions[i];
      if (!ascends || table.positions[i] >= pulled) {
        Fail(ExitCode::kPeer, "table {}: a push's positions must ascend below {}: {} stands at {}",
             spec.name, pulled, table.positions[i], i);
      }
    }
  }
  if (spec.wide) table.wide = ReadNumbers(reader, count, format, converted);
  if (spec.dim > 0) {
    table.deep =
        ReadNumbers(reader, count * static_cast<std::uint64_t>(spec.dim), format, converted);
  }
  return table;
}

void CheckNode(const PushMessage& message, const TreeNode& node) {
  const bool aligned = node.level < 32 && node.first_slice % (1ull << node.level) == 0;
  std::uint64_t before = 0;
  if (!message.nodes.empty()) {
    const TreeNode& last = message.nodes.back().node;
    before = last.first_slice + (1ull << last.level);  // may be 2^32, which end_slice() cannot hold
  }
  if (!aligned || node.first_slice >= message.slices || node.first_slice < before) {
    Fail(ExitCode::kPeer,
         "a push's node of level {} at slice {} does not fit into a batch of {} slices after slice "
         "{}",
         node.level, node.first_slice, message.slices, before);
  }
}

}  // namespace

Buffer EncodePull(const PullMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>((message.will_push ? kWillPush : 0) |
                            (message.wants_dense ? kWantsDense : 0));
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(message.keys.size()));
  for (const auto& keys : message.keys) {
    writer.Put<std::uint64_t>(keys.size());
    writer.PutArray(keys);
  }
  return writer.Take();
}

PullMessage DecodePull(std::span<const std::byte> payload, std::size_t tables, int server,
                       int servers) {
  PayloadReader reader(payload);
  PullMessage message;
  const auto flags = reader.Get<std::uint32_t>();
  if ((flags & ~(kWillPush | kWantsDense)) != 0)
    Fail(ExitCode::kPeer, "a pull has unknown flags {:08x}", flags);
  message.will_push = (flags & kWillPush) != 0;
  message.wants_dense = (flags & kWantsDense) != 0;
  const auto count = reader.Get<std::uint32_t>();
  if (count != tables)
    Fail(ExitCode::kPeer, "a pull names {} tables, the model has {}", count, tables);
  for (std::size_t t = 0; t < tables; ++t) {
    const auto keys = reader.Get<std::uint64_t>();
    message.keys.push_back(reader.Array<Key>(keys));
    CheckKeys(message.keys.back(), server, servers);
  }
  reader.Finish();
  return message;
}

bool AnswersTraining(std::span<const std::byte> payload) {
  return PayloadReader(payload).Get<std::uint64_t>() != 0;
}

RowsMessage DecodeRows(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       RowFormat format) {
  PayloadReader reader(payload);
  RowsMessage message;
  message.will_push = reader.Get<std::uint64_t>() != 0;
  const auto dense = reader.Get<std::uint64_t>();
  message.dense = reader.Array<float>(dense);
  for (const TableSpec& spec : tables) {
    RowsMessage::Table table;
    const auto count = reader.Get<std::uint64_t>();
    if (spec.wide) table.wide = ReadNumbers(&reader, count, format, &message.converted);
    // Bounded before it is multiplied.
    if (count > payload.size())
      Fail(ExitCode::kPeer, "table {}: an answer of {} bytes claims {} rows", spec.name,
           payload.size(), count);
    if (spec.dim > 0) {
      table.deep = ReadNumbers(&reader, count * static_cast<std::uint64_t>(spec.dim), format,
                               &message.converted);
    }
    message.tables.push_back(table);
  }
  reader.Finish();
  return message;
}

PushMessage DecodePush(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       std::span<const std::size_t> pulled, std::size_t dense_floats,
                       RowFormat format) {
  PayloadReader reader(payload);
  PushMessage message;
  message.slices = reader.Get<std::uint32_t>();
  const auto nodes = reader.Get<std::uint32_t>();
  for (std::uint32_t n = 0; n < nodes; ++n) {
    PushMessage::Node node;
    node.node.first_slice = reader.Get<std::uint32_t>();
    node.node.level = reader.Get<std::uint32_t>();
    CheckNode(message, node.node);
    const auto dense = reader.Get<std::uint64_t>();
    if (dense != 0 && dense != dense_floats) {
      Fail(ExitCode::kPeer, "a push has {} dense gradients, the server holds {} dense parameters",
           dense, dense_floats);
    }
    node.dense = reader.Array<float>(dense);
    for (std::size_t t = 0; t < tables.size(); ++t) {
      node.tables.push_back(
          DecodePushTable(&reader, tables[t], pulled[t], format, &message.converted));
    }
    message.nodes.push_back(std::move(node));
  }
  reader.Finish();
  return message;
}

std::pair<std::size_t, std::size_t> DenseRange(std::size_t dense_floats, int server, int servers) {
  const std::size_t blocks = dense_floats / kDenseAlignment;
  const auto cut = [&](int s) {
    return blocks * static_cast<std::size_t>(s) / static_cast<std::size_t>(servers) *
           kDenseAlignment;
  };
  return {cut(server), cut(server + 1)};
}

Buffer EncodeStepDone(const StepDoneMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(message.first_slice);
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(message.loss_sums.size()));
  writer.PutArray(message.loss_sums);
  writer.PutArray(message.examples);
  return writer.Take();
}

StepDoneMessage DecodeStepDone(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  StepDoneMessage message;
  message.first_slice = reader.Get<std::uint32_t>();
  const auto count = reader.Get<std::uint32_t>();
  message.loss_sums = reader.Array<double>(count);
  message.examples = reader.Array<std::uint32_t>(count);
  reader.Finish();
  return message;
}

Buffer EncodeOrder(OrderKind kind) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(static_cast<std::uint64_t>(kind));
  return writer.Take();
}

OrderKind DecodeOrder(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  const auto kind = reader.Get<std::uint64_t>();
  reader.Finish();
  if (kind < static_cast<std::uint64_t>(OrderKind::kTrain) ||
      kind > static_cast<std::uint64_t>(OrderKind::kFinish))
    Fail(ExitCode::kPeer, "an order of unknown kind {}", kind);
  return static_cast<OrderKind>(kind);
}

Buffer EncodeScores(const ScoresMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(message.first);
  writer.Put<std::uint64_t>(message.logits.size());
  writer.Put<std::uint64_t>(message.groups.empty() ? 0 : 1);
  writer.PutArray(message.logits);
  writer.PutArray(message.labels);
  writer.PutArray(message.groups);
  return writer.Take();
}

ScoresMessage DecodeScores(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  ScoresMessage message;
  message.first = reader.Get<std::uint64_t>();
  const auto count = reader.Get<std::uint64_t>();
  const bool grouped = reader.Get<std::uint64_t>() != 0;
  message.logits = reader.Array<float>(count);
  message.labels = reader.Array<std::uint8_t>(count);
  for (const std::uint8_t label : message.labels) {
    if (label > 1) Fail(ExitCode::kPeer, "scores came with a label of {}", label);
  }
  message.groups = reader.Array<Key>(grouped ? count : 0);
  reader.Finish();
  return message;
}

}  // namespace fathom
