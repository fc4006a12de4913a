#include "common/message/saved_message.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, ModelFileEntry& entry) {
  archive(entry.name, entry.bytes, entry.checksum, entry.blocks, entry.rows, entry.added);
}
template <typename Archive>
void serialize(Archive& archive, TableStatistics& table) {
  archive(table.rows, table.zero_wide_weights, table.row_bytes, table.allocated_bytes,
          table.evicted_rows, table.refused_updates, table.cold_bytes, table.rows_asked,
          table.rows_read);
}
template <typename Archive>
void serialize(Archive& archive, SavedMessage& message) {
  archive(message.files, message.tables, message.staleness, message.held_seconds,
          message.bytes_written, message.digests, message.failure);
}

Buffer EncodeSaved(const SavedMessage& message) { return EncodeControl(message); }

SavedMessage DecodeSaved(std::span<const std::byte> payload) {
  return DecodeControl<SavedMessage>(payload);
}

}  // namespace fathom
