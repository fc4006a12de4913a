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
void serialize(Archive& archive, SaveRequest& request) {
  archive(request.checkpoint, request.has_base, request.base_step, request.last);
}
template <typename Archive>
void serialize(Archive& archive, SavedMessage& message) {
  archive(message.files, message.tables, message.staleness, message.held_seconds,
          message.bytes_written, message.failure);
}
template <typename Archive>
void serialize(Archive& archive, FailedMessage& message) {
  archive(message.exit_code, message.what);
}

namespace {

template <typename Message>
Buffer Encode(const Message& message) {
  ControlOutput archive;
  archive(message);
  return archive.Take();
}

template <typename Message>
Message Decode(std::span<const std::byte> payload) {
  ControlInput archive(payload);
  Message message;
  archive(message);
  archive.Finish();
  return message;
}

}  // namespace

Buffer EncodeSave(const SaveRequest& request) { return Encode(request); }
SaveRequest DecodeSave(std::span<const std::byte> payload) { return Decode<SaveRequest>(payload); }
Buffer EncodeSaved(const SavedMessage& message) { return Encode(message); }
SavedMessage DecodeSaved(std::span<const std::byte> payload) {
  return Decode<SavedMessage>(payload);
}
Buffer EncodeFailed(const FailedMessage& message) { return Encode(message); }
FailedMessage DecodeFailed(std::span<const std::byte> payload) {
  return Decode<FailedMessage>(payload);
}

}  // namespace fathom
