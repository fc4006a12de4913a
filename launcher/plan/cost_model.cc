#include "launcher/plan/cost_model.h"

#include <algorithm>
#include <cmath>

#include "common/check.h"
#include "common/net/frame.h"

namespace fathom {
namespace {

constexpr double kVectorFloats = 16;
constexpr double kNearBytes = 1 << 20;

// Sums over the tables.
struct Sums {
  double occurrences = 0;
  double keys = 0;
  double key_floats = 0;  // pulled
  double segments = 0;
  double segment_floats = 0;  // their gradients
  double new_rows = 0;
  double new_row_floats = 0;
};

Sums SumsOf(const StepLoad& load) {
  Sums sums;
  for (std::size_t t = 0; t < load.part.tables.size(); ++t) {
    const TableLoad& table = load.part.tables[t];
    const double floats = load.spec->tables[t].pulled_floats();
    sums.occurrences += table.occurrences;
    sums.keys += table.keys;
    sums.key_floats += table.keys * floats;
    sums.segments += table.segments;
    sums.segment_floats += table.segments * floats;
    if (load.new_rows.empty()) continue;
    sums.new_rows += load.new_rows[t];
    sums.new_row_floats += load.new_rows[t] * floats;
  }
  return sums;
}

// How far away a piece of so many bytes is: each doubling beyond the cache misses a little more.
double Distance(double bytes) { return std::log2(1 + bytes / kNearBytes); }

// The embeddings' elements of all occurrences.
double DeepFloats(const StepLoad& load) {
  double floats = 0;
  for (std::size_t t = 0; t < load.part.tables.size(); ++t)
    floats += load.part.tables[t].occurrences * load.spec->tables[t].dim;
  return floats;
}

// The multiplications of the first layer, whose rows are multiplied once a segment, and of the
// others; additions of its products to their examples; last what the fm part goes over.
std::vector<double> ComputeCounts(const StepLoad& load) {
  double rows = 0, gradients = 0, added = 0, upper = 0;
  const auto& layers = load.spec->layers;
  const double outputs = layers.empty() ? 0 : layers.front().outputs;
  for (std::size_t t = 0; t < load.part.tables.size(); ++t) {
    const TableLoad& table = load.part.tables[t];
    const double dim = load.spec->tables[t].dim;
    if (dim == 0) continue;
    rows += table.segments * dim * outputs;
    gradients += table.segments * std::ceil(dim / kVectorFloats) * kVectorFloats * outputs;
    added += table.occurrences * outputs;
  }
  for (std::size_t l = 1; l < layers.size(); ++l)
    upper += static_cast<double>(layers[l].inputs) * layers[l].outputs;
  const double pairs = load.spec->Has(ModelPartKind::kFm) ? DeepFloats(load) : 0;
  const double units = upper > 0 ? load.part.examples * outputs : 0;
  const Sums sums = SumsOf(load);
  return {rows,
          gradients,
          added,
          load.part.examples * upper,
          units,
          sums.occurrences,
          sums.segment_floats * Distance(4 * sums.key_floats),
          load.part.examples,
          pairs};
}

}  // namespace

std::optional<Stage> MeasuredAs(PricedStage stage) {
  switch (stage) {
    case PricedStage::kCompute:
      return Stage::kCompute;
    case PricedStage::kRowGradients:
      return Stage::kRowGradients;
    case PricedStage::kPush:
      return Stage::kPush;
    case PricedStage::kDecode:
      return Stage::kDecode;
    case PricedStage::kFind:
      return Stage::kFind;
    case PricedStage::kEncode:
      return Stage::kEncode;
    case PricedStage::kUpdate:
      return Stage::kUpdate;
    case PricedStage::kHandOver:
    case PricedStage::kTcp:
      break;
  }
  return std::nullopt;
}

std::string NameOf(PricedStage stage) {
  if (const auto measured = MeasuredAs(stage)) return StageName(*measured);
  return stage == PricedStage::kHandOver ? "hand_over" : "tcp";
}

std::vector<double> CountsOf(PricedStage stage, const StepLoad& load) {
  const Sums sums = SumsOf(load);
  const double share = load.workers / load.servers;  // of one worker's, at one server
  const double dense = load.spec->dense_floats;
  const double distance = Distance(load.table_bytes);
  switch (stage) {
    case PricedStage::kCompute:
      return ComputeCounts(load);
    case PricedStage::kRowGradients:
      return {sums.segment_floats, sums.key_floats,
              sums.segments,       sums.segments * Distance(4 * sums.segment_floats),
              sums.keys,           1};
    case PricedStage::kPush:
      return {sums.key_floats, sums.key_floats * Distance(4 * sums.key_floats), dense, 1};
    case PricedStage::kHandOver:
      return {sums.key_floats,
              sums.key_floats * Distance(4 * sums.key_floats),
              sums.keys,
              dense,
              load.part.batch_seconds,
              1};
    case PricedStage::kTcp:
      return {TrafficOf(load).sent + TrafficOf(load).received, 1};
    case PricedStage::kDecode:
      return {share * sums.keys, share * sums.key_floats, load.workers};
    case PricedStage::kFind:
      return {share * sums.keys, share * sums.keys * distance, load.workers};
    case PricedStage::kEncode:
      return {share * sums.keys,
              share * sums.key_floats,
              share * sums.keys * distance,
              share * sums.key_floats * Distance(4 * sums.key_floats),
              share * dense,
              load.workers};
    case PricedStage::kUpdate:
      return {share * sums.keys,
              share * sums.key_floats,
              share * sums.keys * distance,
              share * dense,
              sums.new_rows / load.servers,
              sums.new_row_floats / load.servers,
              1};
  }
  return {};
}

double SecondsOf(PricedStage stage, const StepLoad& load, const Prices& prices) {
  const auto counts = CountsOf(stage, load);
  const auto& price = prices[static_cast<std::size_t>(stage)];
  FATHOM_CHECK_EQ(counts.size(), price.size());
  double seconds = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) seconds += counts[i] * price[i];
  return seconds;
}

namespace {

// One pass over the prices: each in turn takes its best value at or above 0.
void Descend(const std::vector<PriceSample>& samples, const std::vector<double>& weights,
             std::vector<double>* prices, std::vector<double>* predicted) {
  for (std::size_t i = 0; i < prices->size(); ++i) {
    double up = 0, down = 0;
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const double count = samples[s].counts[i] * weights[s];
      up += count * (samples[s].seconds - (*predicted)[s]) * weights[s];
      down += count * count;
    }
    if (down == 0) continue;
    const double price = std::max(0.0, (*prices)[i] + up / down);
    for (std::size_t s = 0; s < samples.size(); ++s)
      (*predicted)[s] += (price - (*prices)[i]) * samples[s].counts[i];
    (*prices)[i] = price;
  }
}

}  // namespace

// Coordinate descent on weighted squares, which is convex. The weights lie between the measured and
// the predicted, so that half and twice the time are equally wrong.
std::vector<double> FitPrices(const std::vector<PriceSample>& samples) {
  constexpr int kReweightings = 8;
  constexpr int kPasses = 4000;
  if (samples.empty()) return {};
  std::vector<double> prices(samples.front().counts.size(), 0.0);
  std::vector<double> predicted(samples.size(), 0.0);
  std::vector<double> weights(samples.size());
  for (int round = 0; round < kReweightings; ++round) {
    for (std::size_t s = 0; s < samples.size(); ++s) {
      const double near =
          std::clamp(predicted[s], samples[s].seconds / 10, samples[s].seconds * 10);
      weights[s] = 1 / (round == 0 ? samples[s].seconds : std::sqrt(samples[s].seconds * near));
    }
    for (int pass = 0; pass < kPasses; ++pass) Descend(samples, weights, &prices, &predicted);
  }
  return prices;
}

Traffic TrafficOf(const StepLoad& load) {
  const Sums sums = SumsOf(load);
  const double number = load.spec->row_format == RowFormat::kBfloat16 ? 2 : 4;
  const double headers = static_cast<double>(kFrameHeaderBytes) * load.servers;
  const double dense = 4.0 * load.spec->dense_floats;
  const double asked = sums.keys * sizeof(Key) + headers;
  return {.sent = asked + sums.key_floats * number + dense + headers,
          .asked = asked,
          .received = sums.key_floats * number + dense + headers};
}

}  // namespace fathom
