#include "worker/batch/batch.h"

#include <algorithm>
#include <limits>

#include "common/error.h"

namespace fathom {
namespace {

// How many examples ahead their records are fetched into the cache.
constexpr std::uint32_t kPrefetchExamples = 12;

}  // namespace

void BatchBuilder::Occurrences::Clear() {
  keys.Clear();
  scales.clear();
  count = 0;
}

void BatchBuilder::Occurrences::MakeRoom(std::size_t more) {
  if (count + more <= numbers.size()) return;
  if (count + more > std::numeric_limits<std::uint32_t>::max()) {
    Fail(ExitCode::kUsage,
         "a worker's part of a batch names the rows of one table more than 2^32 times: lower "
         "train.batch_size, or give the run more workers");
  }
  const std::size_t size = 2 * (count + more);
  numbers.resize(size);
  examples.resize(size);
  fields.resize(size);
}

void BatchBuilder::Occurrences::Add(Key key, std::uint32_t example, std::size_t field,
                                    float scale) {
  // Once one scale is kept all are; a table whose scales are all 1 keeps none.
  if (scale != 1.0F && scales.empty()) scales.assign(count, 1.0F);
  if (scale != 1.0F || !scales.empty()) scales.push_back(scale);
  numbers[count] = keys.Number(key);
  examples[count] = example;
  fields[count] = static_cast<std::uint16_t>(field);
  ++count;
}

BatchBuilder::BatchBuilder(const ModelSpec& spec, const ExampleSource& data)
    : spec_(spec), data_(data), occurrences_(spec.tables.size()) {}

void BatchBuilder::Fill(std::uint32_t examples,
                        const std::function<std::uint64_t(std::uint32_t)>& index, Batch* batch) {
  batch->examples = examples;
  batch->fields = static_cast<std::uint32_t>(spec_.fields.size());
  batch->labels.clear();
  batch->weights.clear();
  batch->groups.clear();
  batch->numerics.clear();
  batch->tables.resize(spec_.tables.size());
  for (Occurrences& occurrences : occurrences_) occurrences.Clear();
  indices_.resize(examples);
  for (std::uint32_t e = 0; e < examples; ++e) indices_[e] = index(e);
  for (std::uint32_t e = 0; e < examples; ++e) {
    if (e + kPrefetchExamples < examples) data_.Prefetch(indices_[e + kPrefetchExamples]);
    AddExample(data_.Example(indices_[e], &scratch_), e, batch);
  }
  for (std::size_t t = 0; t < spec_.tables.size(); ++t) {
    OrderByKey(&occurrences_[t], &batch->tables[t]);
    CutIntoSegments(*batch, &batch->tables[t]);
  }
}

void BatchBuilder::AddExample(const ExampleView& view, std::uint32_t example, Batch* batch) {
  batch->labels.push_back(view.label);
  if (spec_.example_weights) batch->weights.push_back(view.weight);
  if (spec_.grouped) batch->groups.push_back(view.group);
  batch->numerics.insert(batch->numerics.end(), view.numerics,
                         view.numerics + spec_.numerics.size());
  for (Occurrences& occurrences : occurrences_) occurrences.MakeRoom(spec_.fields.size());
  std::size_t single = 0;
  int list = 0;
  for (std::size_t f = 0; f < spec_.fields.size(); ++f) {
    const Field& field = spec_.fields[f];
    if (field.multivalent) {
      AddList(view, list++, f, example);
    } else {
      occurrences_[static_cast<std::size_t>(field.table)].Add(view.keys[single++], example, f,
                                                              1.0F);
    }
  }
}

void BatchBuilder::AddList(const ExampleView& view, int list, std::size_t f,
                           std::uint32_t example) {
  const Field& field = spec_.fields[f];
  const auto keys = view.list(list);
  const float* weights = view.weights(list);
  const float share = PoolingShare(field, keys.size());
  Occurrences& occurrences = occurrences_[static_cast<std::size_t>(field.table)];
  occurrences.MakeRoom(keys.size() + spec_.fields.size());
  for (std::size_t i = 0; i < keys.size(); ++i)
    occurrences.Add(keys[i], example, f, field.weighted ? weights[i] * share : share);
}

// A counting sort: the keys are sorted, and each occurrence goes behind the earlier ones of its
// key.
void BatchBuilder::OrderByKey(Occurrences* occurrences, TableBatch* table) {
  occurrences->keys.Sort(&table->keys, &places_);
  const std::size_t count = occurrences->count;
  key_begins_.assign(table->keys.size() + 1, 0);
  for (std::size_t o = 0; o < count; ++o) {
    occurrences->numbers[o] = places_[occurrences->numbers[o]];
    ++key_begins_[occurrences->numbers[o] + 1];
  }
  for (std::size_t k = 0; k < table->keys.size(); ++k) key_begins_[k + 1] += key_begins_[k];
  table->examples.resize(count);
  table->scales.resize(occurrences->scales.size());
  fields_.resize(count);
  // Afterwards key_begins_[k] is where key k ends.
  for (std::size_t o = 0; o < count; ++o) {
    const std::uint32_t at = key_begins_[occurrences->numbers[o]]++;
    table->examples[at] = occurrences->examples[o];
    fields_[at] = occurrences->fields[o];
    if (!table->scales.empty()) table->scales[at] = occurrences->scales[o];
  }
}

// Cuts each key's occurrences where slice or field changes, then counts the segments into order
// of slice and field.
void BatchBuilder::CutIntoSegments(const Batch& batch, TableBatch* table) {
  table->segment_begins.assign(std::size_t{batch.slices} * batch.fields + 1, 0);
  table->key_begins.assign(1, 0);
  by_key_.clear();
  buckets_.clear();
  std::uint32_t begin = 0;
  for (std::uint32_t k = 0; k < table->keys.size(); ++k) {
    const std::uint32_t key_end = key_begins_[k];
    while (begin < key_end) {
      const std::uint32_t slice = table->examples[begin] / batch.slice_size;
      const std::uint32_t slice_end = (slice + 1) * batch.slice_size;
      const std::uint16_t field = fields_[begin];
      std::uint32_t end = begin + 1;
      while (end < key_end && table->examples[end] < slice_end && fields_[end] == field) ++end;
      by_key_.push_back({k, slice, begin, end});
      buckets_.push_back(slice * batch.fields + field);
      ++table->segment_begins[buckets_.back() + 1];
      begin = end;
    }
    table->key_begins.push_back(static_cast<std::uint32_t>(by_key_.size()));
  }
  auto& begins = table->segment_begins;
  for (std::size_t b = 1; b < begins.size(); ++b) begins[b] += begins[b - 1];
  table->segments.resize(by_key_.size());
  table->key_segments.resize(by_key_.size());
  for (std::size_t i = 0; i < by_key_.size(); ++i) {
    const std::uint32_t at = begins[buckets_[i]]++;
    table->segments[at] = by_key_[i];
    table->key_segments[i] = at;
  }
  // Each bucket's begin has become its end, which is the next one's begin.
  std::copy_backward(begins.begin(), begins.end() - 1, begins.end());
  begins.front() = 0;
}

}  // namespace fathom
