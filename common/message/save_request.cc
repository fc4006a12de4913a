#include "common/message/save_request.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, SaveRequest& request) {
  auto kind = static_cast<std::uint8_t>(request.kind);
  archive(kind, request.has_base, request.base_step, request.last);
  request.kind = static_cast<SaveKind>(kind);
}

Buffer EncodeSave(const SaveRequest& request) { return EncodeControl(request); }

SaveRequest DecodeSave(std::span<const std::byte> payload) {
  const auto request = DecodeControl<SaveRequest>(payload);
  if (static_cast<std::uint8_t>(request.kind) >= kSaveKinds)
    Fail(ExitCode::kPeer, "a request to save makes no sense: kind {}",
         static_cast<int>(request.kind));
  return request;
}

}  // namespace fathom
