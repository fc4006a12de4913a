#include "common/message/save_request.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, SaveRequest& request) {
  archive(request.checkpoint, request.has_base, request.base_step, request.last);
}

Buffer EncodeSave(const SaveRequest& request) { return EncodeControl(request); }

SaveRequest DecodeSave(std::span<const std::byte> payload) {
  return DecodeControl<SaveRequest>(payload);
}

}  // namespace fathom
