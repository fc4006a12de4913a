#include "common/message/file_order.h"

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, FileOrder& order) {
  auto act = static_cast<std::uint8_t>(order.act);
  archive(act, order.name, order.offset, order.bytes);
  order.act = static_cast<FileAct>(act);
}

Buffer EncodeFileOrder(const FileOrder& order) { return EncodeControl(order); }

FileOrder DecodeFileOrder(std::span<const std::byte> payload) {
  FileOrder order = DecodeControl<FileOrder>(payload);
  if (static_cast<std::uint8_t>(order.act) >= kFileActs || order.bytes.size() > kMaxOrderBytes)
    Fail(ExitCode::kPeer, "an order for a file makes no sense: act {}, {} bytes",
         static_cast<int>(order.act), order.bytes.size());
  return order;
}

}  // namespace fathom
