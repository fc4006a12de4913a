#include "common/message/failed_message.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, FailedMessage& message) {
  archive(message.exit_code, message.what);
}

Buffer EncodeFailed(const FailedMessage& message) { return EncodeControl(message); }

FailedMessage DecodeFailed(std::span<const std::byte> payload) {
  return DecodeControl<FailedMessage>(payload);
}

}  // namespace fathom
