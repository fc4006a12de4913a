// Shard's part in pulls: their keys are looked up, and their rows are encoded.
#include <utility>

#include "common/aligned_vector.h"
#include "common/bfloat16.h"
#include "common/net/payload.h"
#include "server/shard/shard.h"

namespace fathom {

PendingPull Shard::Find(Buffer payload, PullMessage message) {
  PendingPull pull{std::move(payload), std::move(message), {}};
  if (!cold_.on()) {
    FindAll(&pull);
    return pull;
  }
  for (std::size_t t = 0; t < tables_.size(); ++t) tables_[t].FetchAhead(pull.message.keys[t]);
  pull.row_generation = PendingPull::kDeferred;
  return pull;
}

void Shard::FindDeferred(PendingPull* pull) const {
  if (pull->row_generation == PendingPull::kDeferred) FindAll(pull);
}

void Shard::FindAll(PendingPull* pull) const {
  pull->row_generation = row_generation_;
  pull->rows.resize(tables_.size());
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const auto keys = pull->message.keys[t];
    pull->rows[t].resize(keys.size());
    tables_[t].Find(keys, pull->rows[t].data());
  }
}

void Shard::FindMissing(PendingPull* pull) const {
  if (pull->row_generation != row_generation_) return FindAll(pull);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    std::vector<Key> keys;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < pull->rows[t].size(); ++i) {
      if (pull->rows[t][i] != nullptr) continue;
      keys.push_back(pull->message.keys[t][i]);
      places.push_back(i);
    }
    std::vector<float*> found(keys.size());
    tables_[t].Find(keys, found.data());
    for (std::size_t i = 0; i < found.size(); ++i) pull->rows[t][places[i]] = found[i];
  }
}

Buffer Shard::EncodeRows(const PendingPull& pull) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(pull.message.will_push ? 1 : 0);
  const auto dense = pull.message.wants_dense ? dense_.values() : std::span<const float>();
  writer.Put<std::uint64_t>(dense.size());
  writer.PutArray(dense);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const TableSpec& spec = spec_.tables[t];
    const auto keys = pull.message.keys[t];
    const auto dim = static_cast<std::size_t>(spec.dim);
    writer.Put<std::uint64_t>(keys.size());
    if (spec_.row_format == RowFormat::kFloat32) {
      if (spec.wide) tables_[t].GatherWeights(pull.rows[t], writer.Array<float>(keys.size()));
      if (dim > 0)
        tables_[t].GatherEmbeddings(keys, pull.rows[t], writer.Array<float>(keys.size() * dim));
    } else {
      if (spec.wide) {
        AlignedVector<float> weights(keys.size());
        tables_[t].GatherWeights(pull.rows[t], weights);
        ToBfloat16(weights, writer.Array<std::uint16_t>(weights.size()).data());
      }
      AlignedVector<float> embeddings(keys.size() * dim);
      if (dim > 0) tables_[t].GatherEmbeddings(keys, pull.rows[t], embeddings);
      if (dim > 0) ToBfloat16(embeddings, writer.Array<std::uint16_t>(embeddings.size()).data());
    }
  }
  // What is trained on is looked after when the step has been taken.
  if (cold_.on() && !pull.message.will_push) cold_.KeepWithin();
  return writer.Take();
}

}  // namespace fathom
