#include "worker/train/gradient_watch.h"

#include <algorithm>

namespace fathom {
namespace {

std::vector<float> Floats(const float* from, std::size_t count) { return {from, from + count}; }

}  // namespace

GradientWatch::GradientWatch(const RunContext& context, int worker)
    : spec_(context.spec), file_(context, context.layout.worker(worker)) {}

void GradientWatch::Step(const Batch& batch, const PulledRows& rows,
                         const BatchGradients& gradients) {
  for (const WatchedRow& row : file_.rows()) {
    if (row.dense_count > 0) continue;  // its server's
    const std::vector<Key>& keys = batch.tables[row.table].keys;
    const auto found = std::lower_bound(keys.begin(), keys.end(), row.key);
    if (found == keys.end() || *found != row.key) continue;
    WriteRow(row, static_cast<std::size_t>(found - keys.begin()), batch, rows, gradients);
  }
  file_.Flush();
}

void GradientWatch::WriteRow(const WatchedRow& row, std::size_t place, const Batch& batch,
                             const PulledRows& rows, const BatchGradients& gradients) {
  const TableSpec& spec = spec_.tables[row.table];
  const TableBatch& table = batch.tables[row.table];
  const auto dim = static_cast<std::size_t>(spec.dim);
  const std::uint64_t step = batch.step + 1;
  std::vector<NamedNumbers> pulled;
  if (spec.wide) pulled.push_back({"weight", {rows.tables[row.table].wide[place]}});
  if (dim > 0)
    pulled.push_back(
        {"embedding", Floats(rows.tables[row.table].deep.data() + place * dim, dim), true});
  file_.Write(row, "pulled", step, {{"version", batch.step}}, pulled);

  const SegmentGradients& of = gradients.tables[row.table];
  const std::uint32_t end = table.key_begins[place + 1];
  for (std::uint32_t s = table.key_begins[place]; s < end;) {
    const std::uint32_t slice = table.segments[table.key_segments[s]].slice;
    NamedNumbers wide{"weight_gradient", {0}};
    NamedNumbers deep{"embedding_gradient", std::vector<float>(dim), true};
    std::uint32_t occurrences = 0;
    for (; s < end && table.segments[table.key_segments[s]].slice == slice; ++s) {
      const std::uint32_t segment = table.key_segments[s];
      occurrences += table.segments[segment].end - table.segments[segment].begin;
      if (spec.wide) wide.numbers.front() += of.wide[segment];
      for (std::size_t i = 0; i < dim; ++i) deep.numbers[i] += of.deep[segment * dim + i];
    }
    std::vector<NamedNumbers> numbers;
    if (spec.wide) numbers.push_back(std::move(wide));
    if (dim > 0) numbers.push_back(std::move(deep));
    file_.Write(row, "gradient", step,
                {{"slice", batch.first_slice + slice}, {"occurrences", occurrences}}, numbers);
  }
}

}  // namespace fathom
