#include "common/message/scores_message.h"

#include <cmath>

#include "common/error.h"
#include "common/net/payload.h"

namespace fathom {

Buffer EncodeScores(const ScoresMessage& message) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(message.first);
  writer.Put<std::uint64_t>(message.logits.size());
  writer.Put<std::uint64_t>(message.groups.empty() ? 0 : 1);
  writer.Put<std::uint64_t>(message.weights.empty() ? 0 : 1);
  writer.PutArray(message.logits);
  writer.PutArray(message.labels);
  writer.PutArray(message.groups);
  writer.PutArray(message.weights);
  writer.Put<std::uint64_t>(message.values.size());
  writer.PutArray(message.values);
  writer.PutArray(message.without_row);
  return writer.Take();
}

ScoresMessage DecodeScores(std::span<const std::byte> payload) {
  PayloadReader reader(payload);
  ScoresMessage message;
  message.first = reader.Get<std::uint64_t>();
  const auto count = reader.Get<std::uint64_t>();
  const bool grouped = reader.Get<std::uint64_t>() != 0;
  const bool weighted = reader.Get<std::uint64_t>() != 0;
  message.logits = reader.Array<float>(count);
  message.labels = reader.Array<std::uint8_t>(count);
  for (const std::uint8_t label : message.labels) {
    if (label > 1) Fail(ExitCode::kPeer, "scores came with a label of {}", label);
  }
  message.groups = reader.Array<Key>(grouped ? count : 0);
  message.weights = reader.Array<float>(weighted ? count : 0);
  for (const float weight : message.weights) {
    if (!(weight >= 0) || !std::isfinite(weight))
      Fail(ExitCode::kPeer, "scores came with a weight of {}", weight);
  }
  const auto fields = reader.Get<std::uint64_t>();
  message.values = reader.Array<std::uint64_t>(fields);
  message.without_row = reader.Array<std::uint64_t>(fields);
  for (std::size_t f = 0; f < message.values.size(); ++f) {
    if (message.without_row[f] > message.values[f])
      Fail(ExitCode::kPeer, "scores came with {} of {} values without a row",
           message.without_row[f], message.values[f]);
  }
  reader.Finish();
  return message;
}

}  // namespace fathom
