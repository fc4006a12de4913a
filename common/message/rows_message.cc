#include "common/message/rows_message.h"

#include "common/error.h"
#include "common/message/row_numbers.h"
#include "common/net/payload.h"

namespace fathom {
namespace {

constexpr std::uint64_t WordsOf(std::uint64_t bits) { return bits / 64 + (bits % 64 != 0 ? 1 : 0); }

}  // namespace

bool AnswersTraining(std::span<const std::byte> payload) {
  return PayloadReader(payload).Get<std::uint64_t>() != 0;
}

RowsMessage DecodeRows(std::span<const std::byte> payload, const std::vector<TableSpec>& tables,
                       RowFormat format) {
  PayloadReader reader(payload);
  RowsMessage message;
  message.will_push = reader.Get<std::uint64_t>() != 0;
  if (!message.will_push) format = RowFormat::kFloat32;
  const auto dense = reader.Get<std::uint64_t>();
  message.dense = reader.Array<float>(dense);
  for (const TableSpec& spec : tables) {
    RowsMessage::Table table;
    const auto count = reader.Get<std::uint64_t>();
    if (spec.wide) table.wide = ReadRowNumbers(&reader, count, format, &message.converted);
    // Bounded before it is multiplied.
    if (count > payload.size())
      Fail(ExitCode::kPeer, "table {}: an answer of {} bytes claims {} rows", spec.name,
           payload.size(), count);
    if (spec.dim > 0) {
      table.deep = ReadRowNumbers(&reader, count * static_cast<std::uint64_t>(spec.dim), format,
                                  &message.converted);
    }
    if (!message.will_push) table.has_row = reader.Array<std::uint64_t>(WordsOf(count));
    message.tables.push_back(table);
  }
  reader.Finish();
  return message;
}

}  // namespace fathom
