// Shard's part in pulls: their keys are looked up, and their rows are encoded.
#include <utility>

#include "common/aligned_vector.h"
#include "common/bfloat16.h"
#include "common/net/payload.h"
#include "server/shard/shard.h"

namespace fathom {
namespace {

SparseTable::Pull KindOf(const PendingPull& pull) {
  return pull.message.will_push ? SparseTable::Pull::kToTrain : SparseTable::Pull::kToScore;
}

void EncodeHasRow(std::span<float* const> rows, PayloadWriter* writer) {
  std::vector<std::uint64_t> words((rows.size() + 63) / 64);
  for (std::size_t i = 0; i < rows.size(); ++i)
    words[i / 64] |= std::uint64_t{rows[i] != nullptr} << i % 64;
  writer->PutArray(std::span<const std::uint64_t>(words));
}

}  // namespace

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

void Shard::EncodeFloat32(const PendingPull& pull, std::size_t t, PayloadWriter* writer) const {
  const TableSpec& spec = spec_.tables[t];
  const auto keys = pull.message.keys[t];
  const auto dim = static_cast<std::size_t>(spec.dim);
  if (spec.wide) tables_[t].GatherWeights(pull.rows[t], writer->Array<float>(keys.size()));
  if (dim == 0) return;
  tables_[t].GatherEmbeddings(KindOf(pull), keys, pull.rows[t],
                              writer->Array<float>(keys.size() * dim));
}

void Shard::EncodeBfloat16(const PendingPull& pull, std::size_t t, PayloadWriter* writer) const {
  const TableSpec& spec = spec_.tables[t];
  const auto keys = pull.message.keys[t];
  const auto dim = static_cast<std::size_t>(spec.dim);
  if (spec.wide) {
    AlignedVector<float> weights(keys.size());
    tables_[t].GatherWeights(pull.rows[t], weights);
    ToBfloat16(weights, writer->Array<std::uint16_t>(weights.size()).data());
  }
  if (dim == 0) return;
  AlignedVector<float> embeddings(keys.size() * dim);
  tables_[t].GatherEmbeddings(KindOf(pull), keys, pull.rows[t], embeddings);
  ToBfloat16(embeddings, writer->Array<std::uint16_t>(embeddings.size()).data());
}

Buffer Shard::EncodeRows(const PendingPull& pull) {
  const bool trains = pull.message.will_push;
  PayloadWriter writer;
  writer.Put<std::uint64_t>(trains ? 1 : 0);
  const auto dense = pull.message.wants_dense ? dense_.values() : std::span<const float>();
  writer.Put<std::uint64_t>(dense.size());
  writer.PutArray(dense);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    writer.Put<std::uint64_t>(pull.message.keys[t].size());
    if (trains && spec_.row_format == RowFormat::kBfloat16) {
      EncodeBfloat16(pull, t, &writer);
    } else {
      EncodeFloat32(pull, t, &writer);
    }
    if (!trains) EncodeHasRow(pull.rows[t], &writer);
  }
  // What is trained on is looked after when the step has been taken.
  if (cold_.on() && !trains) cold_.KeepWithin();
  return writer.Take();
}

}  // namespace fathom
