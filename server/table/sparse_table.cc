#include "server/table/sparse_table.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <utility>

#include "common/check.h"
#include "common/config/config.h"
#include "common/error.h"
#include "common/model/row_state.h"
#include "common/random.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr std::size_t kLineBytes = 64;
constexpr std::size_t kBlockKeys = 32;  // looked up together
constexpr std::size_t kRowsAhead = 16;  // prefetched together

struct KeyedRow {
  Key key;
  const float* row;
};

// Sorts one partition's rows by key. Keys are hashes, so their next bits cut the rows into heaps of
// a few each: one pass to spread them, and short sorts within the cache.
void SortByKey(std::vector<KeyedRow>& rows) {
  constexpr std::size_t kRowsPerHeap = 16;
  const int heap_bits = std::bit_width(rows.size() / kRowsPerHeap);
  if (heap_bits == 0) {
    std::sort(rows.begin(), rows.end(), [](auto& a, auto& b) { return a.key < b.key; });
    return;
  }
  const auto heap = [&](Key key) { return key << kPartitionBits >> (64 - heap_bits); };
  std::vector<std::size_t> ends((std::size_t{1} << heap_bits) + 1);
  for (const KeyedRow& row : rows) ++ends[heap(row.key) + 1];
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<KeyedRow> spread(rows.size());
  for (const KeyedRow& row : rows) spread[ends[heap(row.key)]++] = row;
  for (std::size_t h = 0, begin = 0; h + 1 < ends.size(); begin = ends[h++]) {
    std::sort(spread.begin() + static_cast<std::ptrdiff_t>(begin),
              spread.begin() + static_cast<std::ptrdiff_t>(ends[h]),
              [](const KeyedRow& a, const KeyedRow& b) { return a.key < b.key; });
  }
  rows.swap(spread);
}

}  // namespace

SparseTable::SparseTable(const TableSpec& spec, const Config& config, int first_partition,
                         int end_partition, SlabArena* arena)
    : spec_(spec),
      first_partition_(first_partition),
      accumulators_at_(AccumulatorsAt(spec)),
      row_bytes_(static_cast<std::size_t>(spec.row_bytes())),
      initial_accumulator_(static_cast<float>(config.deep.initial_accumulator)),
      marks_(config.checkpoint.every_steps > 0),
      cold_(arena->cold()),
      ftrl_(config.wide),
      adagrad_(config.deep.learning_rate, config.deep.l2),
      initial_(static_cast<std::uint64_t>(config.seed), spec.name, config.model.init_stddev),
      rounding_seed_(
          Mix64(Mix64(static_cast<std::uint64_t>(config.seed), Xxh3(spec.name)), Xxh3("rounding"))),
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
      At(PartitionOf(block[i])).index.Prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Partition& partition = At(PartitionOf(block[i]));
      found[i] = partition.index.Candidate(hashes[i], partition.rows);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (found[i] == nullptr) continue;
      __builtin_prefetch(found[i] - sizeof(Key) / sizeof(float));
      FetchRow(found[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      if (found[i] == nullptr || RowStore::KeyOf(found[i]) == block[i]) continue;
      const Partition& partition = At(PartitionOf(block[i]));
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
      At(PartitionOf(block[i])).index.Prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < block.size(); ++i) {
      const Partition& partition = At(PartitionOf(block[i]));
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
  if (At(PartitionOf(key)).closed) return false;
  return admission_probability_ == 1 ||
         UnitDouble(Mix64(Mix64(admission_seed_, key), step)) < admission_probability_;
}

double SparseTable::ScoreOf(const float* row, AtLimit score) const {
  if (score == AtLimit::kEvictOldest) return LastStepOf(spec_, row);
  float sum = 0;
  if (score == AtLimit::kEvictSmallest) {
    if (spec_.wide) sum = std::abs(ftrl_.Weight(row[0], row[1]));
    float embedding[kMaxEmbeddingDim];
    ReadEmbedding(spec_, row, embedding);
    for (std::size_t i = 0; i < dim(); ++i) sum += embedding[i] * embedding[i];
  } else {
    if (spec_.wide) sum = row[1];  // n
    for (int i = 0; i < spec_.accumulators(); ++i)
      sum += row[accumulators_at_ + static_cast<std::size_t>(i)];
  }
  return sum;
}

void SparseTable::Evict(int partition, std::uint64_t keep, AtLimit score) {
  const RowStore& rows = At(partition).rows;
  if (rows.size() <= keep) return;
  struct Scored {
    double score;
    Key key;
    std::uint32_t row;
  };
  std::vector<Scored> scored;
  scored.reserve(rows.size());
  for (std::uint32_t i = 0; i < rows.size(); ++i)
    scored.push_back({ScoreOf(rows.state(i), score), RowStore::KeyOf(rows.state(i)), i});
  const auto leaving = static_cast<std::ptrdiff_t>(rows.size() - keep);
  std::nth_element(scored.begin(), scored.begin() + leaving, scored.end(),
                   [](const Scored& a, const Scored& b) {
                     return a.score != b.score ? a.score < b.score : a.key < b.key;
                   });
  std::vector<bool> leaves(rows.size());
  for (std::ptrdiff_t i = 0; i < leaving; ++i)
    leaves[scored[static_cast<std::size_t>(i)].row] = true;
  Forget(At(partition), leaves, static_cast<std::uint32_t>(leaving));
}

bool SparseTable::EvictUnused(int partition, std::uint64_t step, std::int64_t unused_steps) {
  const RowStore& rows = At(partition).rows;
  std::vector<bool> leaves(rows.size());
  std::uint32_t leaving = 0;
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    // Modulo 2^32, and below 0 where an async batch of an earlier step came after a later one.
    const auto age = static_cast<std::int32_t>(static_cast<std::uint32_t>(step) -
                                               LastStepOf(spec_, rows.state(i)));
    leaves[i] = age >= unused_steps;
    leaving += leaves[i] ? 1 : 0;
  }
  if (leaving == 0) return false;
  Forget(At(partition), leaves, leaving);
  return true;
}

// Rows from behind the new end fill the holes before it.
void SparseTable::Forget(Partition& partition, const std::vector<bool>& leaves,
                         std::uint32_t leaving) {
  RowStore& rows = partition.rows;
  for (std::uint32_t i = 0; i < rows.size(); ++i)
    zero_weights_ -= leaves[i] && HasZeroWeight(rows.state(i)) ? 1 : 0;
  const std::uint32_t keep = rows.size() - leaving;
  std::uint32_t from = keep;
  for (std::uint32_t hole = 0; hole < keep; ++hole) {
    if (!leaves[hole]) continue;
    while (leaves[from]) ++from;
    rows.Move(from++, hole);
  }
  rows.Truncate(keep);
  partition.index.Rebuild(rows);
  evicted_rows_ += leaving;
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
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PrefetchAhead(rows, i);
    weights[i] = rows[i] == nullptr ? 0 : ftrl_.Weight(rows[i][0], rows[i][1]);
  }
}

void SparseTable::GatherEmbeddings(std::span<const Key> keys, std::span<float* const> rows,
                                   std::span<float> embeddings) const {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    PrefetchAhead(rows, i);
    const auto embedding = embeddings.subspan(i * dim(), dim());
    if (rows[i] == nullptr) {
      FillInitial(keys[i], embedding);
    } else {
      ReadEmbedding(spec_, rows[i], embedding.data());
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
  if (spec_.wide) {
    zero_weights_ -= HasZeroWeight(row) ? 1 : 0;
    ftrl_.Update(wide, &row[0], &row[1]);
    zero_weights_ += HasZeroWeight(row) ? 1 : 0;
  }
  if (spec_.dim == 0) return;
  float* const accumulators = row + accumulators_at_;
  if (spec_.precision == Precision::kFloat32)
    return UpdateEmbedding(row + EmbeddingAt(spec_), accumulators, deep);
  float embedding[kMaxEmbeddingDim];
  ReadEmbedding(spec_, row, embedding);
  UpdateEmbedding(embedding, accumulators, deep);
  const std::uint64_t random = Mix64(Mix64(rounding_seed_, RowStore::KeyOf(row)), step);
  WriteEmbedding(spec_, {embedding, dim()}, row, [&](std::size_t i, float value) {
    // Sixteen random bits an element.
    return RandomlyToBfloat16(value,
                              static_cast<std::uint16_t>(Mix64(random + i / 4) >> (16 * (i % 4))));
  });
}

void SparseTable::UpdateEmbedding(float* embedding, float* accumulators,
                                  std::span<const float> deep) const {
  if (spec_.row_wise) {
    adagrad_.UpdateRow(deep, embedding, accumulators);
  } else {
    adagrad_.UpdateElements(deep, embedding, accumulators);
  }
}

// What a table of this precision would hold.
void SparseTable::FillInitial(Key key, std::span<float> embedding) const {
  initial_.Fill(key, embedding);
  if (spec_.precision == Precision::kFloat32) return;
  for (float& value : embedding) value = RoundedToBfloat16(value);
}

void SparseTable::WriteNearest(std::span<const float> embedding, float* row) const {
  WriteEmbedding(spec_, embedding, row, [](std::size_t, float value) { return ToBfloat16(value); });
}

void SparseTable::Restore(Key key, std::span<const float> state) {
  FATHOM_CHECK_EQ(state.size(), static_cast<std::size_t>(spec_.state_floats()));
  float* const row = Append(key);
  std::copy(state.begin(), state.end(), row);
  zero_weights_ += HasZeroWeight(row) ? 1 : 0;
}

void SparseTable::RestoreValues(Key key, float weight, std::span<const float> embedding) {
  FATHOM_CHECK_EQ(embedding.size(), dim());
  float* const row = Append(key);
  if (spec_.wide) row[0] = ftrl_.InitialZ(weight);
  zero_weights_ += HasZeroWeight(row) ? 1 : 0;
  WriteNearest(embedding, row);
  std::fill_n(row + accumulators_at_, spec_.accumulators(), initial_accumulator_);
}

float* SparseTable::Append(Key key) {
  Partition& partition = At(PartitionOf(key));
  if (partition.rows.size() == RowIndex::kMaxRows) {
    Fail(ExitCode::kTraining,
         "table {}: partition {} is full with {} rows; fold rare values together (min_count, "
         "hash_buckets)",
         spec_.name, PartitionOf(key), RowIndex::kMaxRows);
  }
  float* const row = partition.rows.Append(key);
  partition.index.AddLast(partition.rows);
  return row;
}

float* SparseTable::Create(Key key) {
  float* const row = Append(key);
  zero_weights_ += HasZeroWeight(row) ? 1 : 0;
  float embedding[kMaxEmbeddingDim];
  initial_.Fill(key, {embedding, dim()});
  WriteNearest({embedding, dim()}, row);
  std::fill_n(row + accumulators_at_, spec_.accumulators(), initial_accumulator_);
  return row;
}

std::uint64_t SparseTable::ChangedRows(int partition) const {
  const RowStore& store = At(partition).rows;
  std::uint64_t rows = 0;
  for (std::uint32_t i = 0; i < store.size(); ++i)
    rows += SlabArena::Marked(store.state(i)) ? 1 : 0;
  return rows;
}

std::vector<const float*> SparseTable::SortedRows(int partition, Which which) const {
  const RowStore& store = At(partition).rows;
  std::vector<KeyedRow> rows;
  if (which == Which::kAll) {
    rows.reserve(store.size());
    store.Visit();
  } else {
    for (std::uint32_t i = 0; i < store.size(); ++i)
      if (SlabArena::Marked(store.state(i))) FetchRow(store.state(i));
  }
  for (std::uint32_t i = 0; i < store.size(); ++i) {
    const float* const row = store.state(i);
    if (which == Which::kAll || SlabArena::Marked(row)) rows.push_back({RowStore::KeyOf(row), row});
  }
  SortByKey(rows);
  std::vector<const float*> sorted;
  sorted.reserve(rows.size());
  for (const KeyedRow& row : rows) sorted.push_back(row.row);
  return sorted;
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
