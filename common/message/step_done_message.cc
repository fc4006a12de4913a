#include "common/message/step_done_message.h"

#include "common/net/payload.h"

namespace fathom {

Buffer EncodeStepDone(const StepDoneMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(message.first_slice);
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(message.loss_sums.size()));
  writer.PutArray(message.loss_sums);
  return writer.Take();
}

StepDoneMessage DecodeStepDone(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  StepDoneMessage message;
  message.first_slice = reader.Get<std::uint32_t>();
  const auto count = reader.Get<std::uint32_t>();
  message.loss_sums = reader.Array<double>(count);
  reader.Finish();
  return message;
}

}  // namespace fathom
