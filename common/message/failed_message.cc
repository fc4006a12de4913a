#include "common/message/failed_message.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, FailedMessage& message) {
  archive(message.exit_code, message.what);
}

Buffer EncodeFailed(const FailedMessage& message) { return EncodeControl(message); }

FailedMessage DecodeFailed(std::span<const std::byte> payload) {
  FailedMessage message = DecodeControl<FailedMessage>(payload);
  // The process ends with this code: 0, or what the system cuts down to it, would be a success.
  if (message.exit_code < static_cast<int>(ExitCode::kTraining) ||
      message.exit_code > static_cast<int>(ExitCode::kNumeric)) {
    Fail(ExitCode::kPeer,
         "a peer has failed with the exit code {}, which stands for no failure: {}",
         message.exit_code, message.what);
  }
  return message;
}

}  // namespace fathom
