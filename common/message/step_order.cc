#include "common/message/step_order.h"

#include "common/error.h"
#include "common/net/payload.h"

namespace fathom {

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

}  // namespace fathom
