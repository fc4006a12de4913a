#include "common/message/step_done_message.h"

#include "common/net/payload.h"

namespace fathom {

Buffer EncodeStepDone(const StepDoneMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint32_t>(message.first_slice);
  writer.Put<std::uint32_t>(static_cast<std::uint32_t>(message.loss_sums.size()));
  writer.Put<std::uint64_t>(message.weight_sums.empty() ? 0 : 1);
  writer.PutArray(message.loss_sums);
  writer.PutArray(message.weight_sums);
  return writer.Take();
}

StepDoneMessage DecodeStepDone(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  StepDoneMessage message;
  message.first_slice = reader.Get<std::uint32_t>();
  const auto count = reader.Get<std::uint32_t>();
  const bool weighted = reader.Get<std::uint64_t>() != 0;
  message.loss_sums = reader.Array<double>(count);
  message.weight_sums = reader.Array<double>(weighted ? count : 0);
  reader.Finish();
  return message;
}

}  // namespace fathom
