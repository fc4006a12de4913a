#include "server/table/sparse_table.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/error.h"
#include "common/model/row_state.h"
#include "common/random.h"
#include "common/vector_clones.h"
#include "common/xxh3.h"
#include "server/table/sorted_rows.h"
#include "server/table/table_room.h"

namespace fathom {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kBlockKeys = 32;  // looked up together
constexpr std::size_t kRowsAhead = 16;  // prefetched together

}  // namespace

SparseTable::SparseTable(const TableSpec& spec, const Config& config, int first_partition,
                         int end_partition, SlabArena* arena)
    : spec_(spec),
      cut_(config.server.partitions),
      first_partition_(first_partition),
      row_bytes_(static_cast<std::size_t>(spec.row_bytes())),
      marks_(config.checkpoint.every_steps > 0),
      cold_(arena->cold()),
      update_(spec, config),
      admission_seed_(Mix64(static_cast<std::uint64_t>(config.seed), Xxh3("admission"))),
      admission_probability_(config.server.admission_probability) {
  for (int p = first_partition; p < end_partition; ++p) {
    partitions_.push_back({RowIndex(PagesOf(config)), RowStore(row_bytes_, arena)});
  }
}

void SparseTable::Find(std::span<const Key> keys, float** rows) const {
  std::uint32_t hashes[kBlockKeys];
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlockKeys) {
    const auto block = keys.subspan(begin, std::min(kBlockKeys, keys.size() - begin));
    float** const found = rows + begin;
    for (std::size_t i = 0; i < block.size(); ++i) {
      hashes[i] = RowStore::Hash(block[i]);
      At(cut_.Of(block[i])).index.Prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Partition& partition = At(cut_.Of(block[i]));
      found[i] = partition.index.Candidate(hashes[i], partition.rows);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (found[i] == nullptr) continue;
      __builtin_prefetch(found[i] - sizeof(Key) / sizeof(float));
      FetchRow(found[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (found[i] == nullptr || RowStore::KeyOf(found[i]) == block[i]) continue;
      const Partition& partition = At(cut_.Of(block[i]));
      found[i] = partition.index.Find(block[i], partition.rows);
    }
  }
}

void SparseTable::FetchAhead(std::span<const Key> keys) {
  std::uint32_t hashes[kBlockKeys];
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlockKeys) {
    const auto block = keys.subspan(begin, std::min(kBlockKeys, keys.size() - begin));
    for (std::size_t i = 0; i < block.size(); ++i) {
      hashes[i] = RowStore::Hash(block[i]);
      At(cut_.Of(block[i])).index.Prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Partition& partition = At(cut_.Of(block[i]));
      const float* const row = partition.index.Candidate(hashes[i], partition.rows);
      if (row == nullptr) continue;
      ++rows_asked_;
      rows_read_ += FetchRow(row) ? 0 : 1;
    }
  }
}

// Whether it was in memory.
bool SparseTable::FetchRow(const float* row) const {
  if (cold_ == nullptr) return true;
  const auto* const place = reinterpret_cast<const std::byte*>(row) - sizeof(Key);
  return !cold_->Holds(place) || cold_->FetchAhead(place, row_bytes_);
}

void SparseTable::FindOrCreate(std::span<const Key> keys, std::uint64_t step, float** rows) {
  for (std::size_t begin = 0; begin < keys.size(); begin += kBlockKeys) {
    const auto block = keys.subspan(begin, std::min(kBlockKeys, keys.size() - begin));
    Find(block, rows + begin);
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (rows[begin + i] == nullptr && Admits(block[i], step)) rows[begin + i] = Create(block[i]);
    }
  }
}

// Depends on key and step alone, not on who named the key how often.
bool SparseTable::Admits(Key key, std::uint64_t step) const {
  if (At(cut_.Of(key)).closed) return false;
  return admission_probability_ == 1 ||
         UnitDouble(Mix64(Mix64(admission_seed_, key), step)) < admission_probability_;
}

double SparseTable::ScoreOf(const float* row, AtLimit score) const {
  if (score == AtLimit::kEvictOldest) return LastStepOf(spec_, row);
  return score == AtLimit::kEvictSmallest ? update_.Size(row) : update_.Trained(row);
}

void SparseTable::Evict(int partition, std::uint64_t keep, AtLimit score) {
  const RowStore& rows = At(partition).rows;
  if (rows.size() <= keep) return;
  Forget(At(partition),
         LowestRows(rows, keep, [&](const float* row) { return ScoreOf(row, score); }));
}

bool SparseTable::EvictUnused(int partition, std::uint64_t step, std::int64_t unused_steps) {
  const Leaving leaving = UnusedRows(At(partition).rows, spec_, step, unused_steps);
  if (leaving.count == 0) return false;
  Forget(At(partition), leaving);
  return true;
}

// Rows from behind the new end fill the holes before it.
void SparseTable::Forget(Partition& partition, const Leaving& leaving) {
  RowStore& rows = partition.rows;
  for (std::uint32_t i = 0; i < rows.size(); ++i)
    zero_weights_ -= leaving.rows[i] ? ZeroWeights(rows.state(i)) : 0;
  const std::uint32_t keep = rows.size() - leaving.count;
  std::uint32_t from = keep;
  for (std::uint32_t hole = 0; hole < keep; ++hole) {
    if (!leaving.rows[hole]) continue;
    while (leaving.rows[from]) ++from;
    rows.Move(from++, hole);
  }
  rows.Truncate(keep);
  partition.index.Rebuild(rows);
  evicted_rows_ += leaving.count;
}

// All in one short loop: a prefetch is not done before its page is found, so where other work
// stands between two of them, the page walks wait for one another.
void SparseTable::Prefetch(std::span<const float* const> rows) const {
  for (const float* const row : rows) {
    if (row == nullptr) continue;
    FetchRow(row);
    const auto* const begin = reinterpret_cast<const std::byte*>(row) - sizeof(Key);
    for (std::size_t at = 0; at < row_bytes_; at += kLineBytes) __builtin_prefetch(begin + at);
    __builtin_prefetch(begin + row_bytes_ - 1);
  }
}

void SparseTable::GatherWeights(std::span<float* const> rows, std::span<float> weights) const {
  for (std::size_t begin = 0; begin < rows.size(); begin += kRowsAhead) {
    PrefetchAhead(rows, begin);
    update_.ReadWeights(rows.subspan(begin, std::min(kRowsAhead, rows.size() - begin)),
                        &weights[begin]);
  }
}

FATHOM_VECTOR_CLONES
void SparseTable::GatherEmbeddings(Pull pull, std::span<const Key> keys,
                                   std::span<float* const> rows,
                                   std::span<float> embeddings) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PrefetchAhead(rows, i);
    const auto embedding = embeddings.subspan(i * dim(), dim());
    if (rows[i] != nullptr) {
      ReadEmbedding(spec_, rows[i], embedding.data());
    } else if (pull == Pull::kToTrain) {
      update_.FillInitial(keys[i], embedding);
    } else {
      std::fill(embedding.begin(), embedding.end(), 0.0F);
    }
  }
}

void SparseTable::PrefetchAhead(std::span<const float* const> rows, std::size_t i) const {
  const std::size_t begin = i + kRowsAhead;
  if (i % kRowsAhead != 0 || begin >= rows.size()) return;
  Prefetch(rows.subspan(begin, std::min(kRowsAhead, rows.size() - begin)));
}

void SparseTable::Update(std::uint64_t step, float* row, float wide, std::span<const float> deep) {
  if (marks_) SlabArena::Mark(row);
  if (spec_.last_step) SetLastStep(spec_, step, row);
  zero_weights_ -= ZeroWeights(row);
  update_.Update(step, RowStore::KeyOf(row), wide, deep, row);
  zero_weights_ += ZeroWeights(row);
}

void SparseTable::Restore(Key key, std::span<const float> state) {
  FATHOM_CHECK_EQ(state.size(), static_cast<std::size_t>(spec_.state_floats()));
  float* const row = Append(key);
  std::copy(state.begin(), state.end(), row);
  zero_weights_ += ZeroWeights(row);
}

bool SparseTable::RestoreValues(Key key, float weight, std::span<const float> embedding,
                                const KeptState& kept) {
  float* const row = Append(key);
  update_.BeginWith(weight, embedding, row);
  std::copy(kept.wide.begin(), kept.wide.end(), row);
  std::copy(kept.deep.begin(), kept.deep.end(), row + DeepStateAt(spec_));
  const bool weight_kept = update_.KeepWeight(weight, row);
  zero_weights_ += ZeroWeights(row);
  return weight_kept;
}

float* SparseTable::Append(Key key) {
  Partition& partition = At(cut_.Of(key));
  if (partition.rows.size() == RowIndex::kMaxRows) {
    Fail(ExitCode::kTraining,
         "table {}: partition {} of {} is full with {} rows: {}; a checkpoint can be gone on from "
         "with it",
         spec_.name, cut_.Of(key), cut_.count(), RowIndex::kMaxRows,
         HowToMakeRoom(static_cast<double>(RowIndex::kMaxRows) * cut_.count(), cut_));
  }
  float* const row = partition.rows.Append(key);
  partition.index.AddLast(partition.rows);
  return row;
}

float* SparseTable::Create(Key key) {
  float* const row = Append(key);
  update_.Begin(key, row);
  zero_weights_ += ZeroWeights(row);
  return row;
}

std::uint64_t SparseTable::ChangedRows(int partition) const {
  const RowStore& store = At(partition).rows;
  std::uint64_t rows = 0;
  for (std::uint32_t i = 0; i < store.size(); ++i)
    rows += SlabArena::Marked(store.state(i)) ? 1 : 0;
  return rows;
}

std::vector<const float*> SparseTable::SortedRows(int partition, Which which,
                                                  const Alive& alive) const {
  const RowStore& store = At(partition).rows;
  std::vector<const float*> rows;
  if (which == Which::kAll) {
    rows.reserve(store.size());
    store.Visit();
  } else {
    for (std::uint32_t i = 0; i < store.size(); ++i) {
      if (i % kRowsBetweenSigns == 0) alive();
      if (SlabArena::Marked(store.state(i))) FetchRow(store.state(i));
    }
  }
  for (std::uint32_t i = 0; i < store.size(); ++i) {
    if (i % kRowsBetweenSigns == 0) alive();
    const float* const row = store.state(i);
    if (which == Which::kAll || SlabArena::Marked(row)) rows.push_back(row);
  }
  return SortedByKey(rows, cut_, alive);
}

std::size_t SparseTable::index_bytes() const {
  std::size_t bytes = 0;
  for (const Partition& partition : partitions_)
    bytes += partition.rows.index_bytes() + partition.index.allocated_bytes();
  return bytes;
}

TableStatistics SparseTable::Statistics() const {
  TableStatistics statistics;
  for (const Partition& partition : partitions_) {
    const RowStore& store = partition.rows;
    statistics.rows += store.size();
    statistics.allocated_bytes += store.allocated_bytes() + partition.index.allocated_bytes();
  }
  statistics.zero_wide_weights = zero_weights_;
  statistics.row_bytes = statistics.rows * row_bytes_;
  statistics.evicted_rows = evicted_rows_;
  statistics.refused_updates = refused_updates_;
  statistics.rows_asked = rows_asked_;
  statistics.rows_read = rows_read_;
  return statistics;
}

}  // namespace fathom
