#include "common/message/push_message.h"

#include "common/error.h"
#include "common/message/row_numbers.h"
#include "common/net/payload.h"

namespace fathom {
namespace {

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
  if (spec.wide) table.wide = ReadRowNumbers(reader, count, format, converted);
  if (spec.dim > 0) {
    table.deep =
        ReadRowNumbers(reader, count * static_cast<std::uint64_t>(spec.dim), format, converted);
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

}  // namespace fathom
