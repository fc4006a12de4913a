#include "worker/train/evaluator.h"

#include <algorithm>

#include "common/message/scores_message.h"

namespace fathom {
namespace {

// Examples of one pull: enough to share rows, few enough to keep memory small.
constexpr std::uint32_t kExamplesAPull = 8192;

}  // namespace

Evaluator::Evaluator(const RunContext& context, int worker, const ExampleSource& data)
    : context_(context),
      worker_(worker),
      builder_(context.spec, data),
      examples_(data.examples()),
      slice_size_(static_cast<std::uint32_t>(context.config.train.slice_size)) {}

void Evaluator::Run(std::uint64_t version, RowClient& client, std::vector<SliceModel>& models,
                    ThreadPool& pool) {
  const std::uint64_t slices = (examples_ + slice_size_ - 1) / slice_size_;
  const auto workers = static_cast<std::uint64_t>(context_.layout.workers);
  const std::uint64_t begin = slices * static_cast<std::uint64_t>(worker_) / workers;
  const std::uint64_t end = slices * static_cast<std::uint64_t>(worker_ + 1) / workers;
  const std::uint32_t at_once = std::max(1U, kExamplesAPull / slice_size_);
  Batch batch;
  PulledRows rows;
  std::vector<float> logits;
  for (std::uint64_t first = begin; first < end; first += at_once) {
    MakeBatch(first, static_cast<std::uint32_t>(std::min<std::uint64_t>(at_once, end - first)),
              &batch);
    batch.step = version;
    batch.wants_dense = first == begin;
    client.Pull(&batch);
    client.Await(batch, &rows);
    logits.resize(batch.examples);
    pool.ForEach(batch.slices, [&](std::size_t slice, int thread) {
      const auto s = static_cast<std::uint32_t>(slice);
      models[static_cast<std::size_t>(thread)].Forward(
          batch, s, rows, logits.data() + batch.SliceExamples(s).first);
    });
    MissingRows counts(batch.fields);
    counts.Add(batch, rows);
    SendScores(version, batch, first * slice_size_, logits, counts);
  }
}

void Evaluator::MakeBatch(std::uint64_t first_slice, std::uint32_t slices, Batch* batch) {
  batch->slices = slices;
  batch->slice_size = slice_size_;
  const std::uint64_t first = first_slice * slice_size_;
  const std::uint64_t last =
      std::min<std::uint64_t>(first + static_cast<std::uint64_t>(slices) * slice_size_, examples_);
  builder_.Fill(
      static_cast<std::uint32_t>(last - first), [&](std::uint32_t i) { return first + i; }, batch);
}

void Evaluator::SendScores(std::uint64_t version, const Batch& batch, std::uint64_t first_example,
                           const std::vector<float>& logits, const MissingRows& counts) const {
  context_.transport.Send({.type = FrameType::kScores,
                           .source = context_.layout.worker(worker_),
                           .destination = context_.layout.coordinator(),
                           .step = version,
                           .payload = EncodeScores({.first = first_example,
                                                    .logits = logits,
                                                    .labels = batch.labels,
                                                    .groups = batch.groups,
                                                    .weights = batch.weights,
                                                    .values = counts.values,
                                                    .without_row = counts.without_row})});
}

}  // namespace fathom
