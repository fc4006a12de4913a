#include "worker/batch.h"

#include <algorithm>

namespace fathom {
namespace {

// How many examples ahead their records are fetched into the cache.
constexpr std::uint32_t kPrefetchExamples = 8;

// Keys are well mixed, so their top bits spread them over buckets of a few keys each.
constexpr int kBucketBits = 11;

}  // namespace

void BatchBuilder::Fill(std::uint32_t examples,
                        const std::function<std::uint64_t(std::uint32_t)>& index, Batch* batch) {
  batch->examples = examples;
  batch->labels.clear();
  batch->groups.clear();
  batch->numerics.clear();
  batch->tables.resize(spec_.tables.size());
  pairs_.resize(spec_.tables.size());
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    pairs_[t].clear();
    TableBatch& table = batch->tables[t];
    table.example.clear();
    table.field.clear();
    table.scale.clear();
    table.example_begins.assign(1, 0);
  }
  indices_.resize(examples);
  for (std::uint32_t e = 0; e < examples; ++e) indices_[e] = index(e);
  for (std::uint32_t e = 0; e < examples; ++e) {
    if (e + kPrefetchExamples < examples) data_.Prefetch(indices_[e + kPrefetchExamples]);
    AddExample(data_.Example(indices_[e]), e, batch);
  }
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) MakeUnique(t, &batch->tables[t]);
}

void BatchBuilder::AddExample(const ExampleView& view, std::uint32_t example, Batch* batch) {
  batch->labels.push_back(view.label);
  if (spec_.grouped) batch->groups.push_back(view.group);
  batch->numerics.insert(batch->numerics.end(), view.numerics,
                         view.numerics + spec_.numerics.size());
  std::size_t single = 0;
  int list = 0;
  for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
    const Field& field = spec_.fields[f];
    if (!field.multivalent) {
      AddOccurrence(field, f, example, view.keys[single++], 1.0F, batch);
      continue;
    }
    const auto keys = view.list(list);
    const float* weights = view.weights(list);
    ++list;
    const float share = field.pooling == Pooling::kMean && !keys.empty()
                            ? 1.0F / static_cast<float>(keys.size())
                            : 1.0F;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      AddOccurrence(field, f, example, keys[i], field.weighted ? weights[i] * share : share, batch);
    }
  }
  for (TableBatch& table : batch->tables)
    table.example_begins.push_back(static_cast<std::uint32_t>(table.example.size()));
}

void BatchBuilder::AddOccurrence(const Field& field, std::size_t field_index, std::uint32_t example,
                                 Key key, float scale, Batch* batch) {
  const auto t = static_cast<std::size_t>(field.table);
  TableBatch& table = batch->tables[t];
  if (scale != 1.0F && table.scale.empty()) table.scale.assign(table.example.size(), 1.0F);
  // Once one scale is kept all are; a table whose scales are all 1 keeps none.
  if (scale != 1.0F || !table.scale.empty()) table.scale.push_back(scale);
  pairs_[t].push_back({key, static_cast<std::uint32_t>(table.example.size())});
  table.example.push_back(example);
  table.field.push_back(static_cast<std::uint16_t>(field_index));
}

// By key, then occurrence: one counting pass over the keys' top bits, then each bucket by itself.
void BatchBuilder::SortByKey(std::vector<KeyAt>* pairs) {
  constexpr std::size_t kBuckets = std::size_t{1} << kBucketBits;
  std::vector<std::uint32_t> begins(kBuckets + 1, 0);
  const auto bucket_of = [](Key key) {
    return static_cast<std::size_t>(key >> (64 - kBucketBits));
  };
  for (const KeyAt& pair : *pairs) ++begins[bucket_of(pair.key) + 1];
  for (std::size_t b = 0; b < kBuckets; ++b) begins[b + 1] += begins[b];
  sorted_.resize(pairs->size());
  std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
  for (const KeyAt& pair : *pairs) sorted_[next[bucket_of(pair.key)]++] = pair;
  const auto before = [](const KeyAt& a, const KeyAt& b) {
    return a.key != b.key ? a.key < b.key : a.occurrence < b.occurrence;
  };
  for (std::size_t b = 0; b < kBuckets; ++b) {
    std::sort(sorted_.begin() + begins[b], sorted_.begin() + begins[b + 1], before);
  }
  pairs->swap(sorted_);
}

void BatchBuilder::MakeUnique(std::size_t t, TableBatch* table) {
  std::vector<KeyAt>& pairs = pairs_[t];
  SortByKey(&pairs);
  table->keys.clear();
  table->key_begins.clear();
  table->occurrences.resize(pairs.size());
  table->rows.resize(pairs.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    if (i == 0 || pairs[i].key != pairs[i - 1].key) {
      table->keys.push_back(pairs[i].key);
      table->key_begins.push_back(static_cast<std::uint32_t>(i));
    }
    table->occurrences[i] = pairs[i].occurrence;
    table->rows[pairs[i].occurrence] = static_cast<std::uint32_t>(table->keys.size() - 1);
  }
  table->key_begins.push_back(static_cast<std::uint32_t>(pairs.size()));
}

}  // namespace fathom
