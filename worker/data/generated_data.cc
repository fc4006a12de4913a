#include "worker/data/generated_data.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "common/elementary.h"
#include "common/error.h"
#include "common/model/model_spec.h"
#include "common/random.h"
#include "common/vector_clones.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr double kLogitStddev = 1.6;
constexpr double kBias = -1.6;

// Streams of random bits of one example beside those of its columns.
constexpr std::uint64_t kLabelStream = ~std::uint64_t{0};

// Uniform with mean 0 and variance 1.
double Centred(double uniform) { return std::sqrt(12.0) * (uniform - 0.5); }

void CheckColumn(const ColumnConfig& column) {
  const bool fits = column.kind != ColumnKind::kMultivalent &&
                    column.transform == TransformKind::kNone && column.hash_buckets == 0 &&
                    column.source.empty();
  if (fits) return;
  Fail(ExitCode::kUsage,
       "[[column]] \"{}\": data.format = \"generated\" makes categorical and numeric columns, "
       "without source, transform or hash_buckets (`values` says how many values there are)",
       column.name);
}

}  // namespace

GeneratedData::GeneratedData(const Config& config, Part part)
    : examples_(static_cast<std::uint64_t>(part == Part::kTrain ? config.generated.examples
                                                                : config.generated.test_examples)),
      seed_(Mix64(static_cast<std::uint64_t>(config.generated.seed),
                  static_cast<std::uint64_t>(part))),
      skew_(config.generated.skew) {
  std::string text = fmt::format("generated {} {} {}", examples_, seed_, skew_);
  for (const ColumnConfig& column : config.columns) {
    CheckColumn(column);
    const std::int64_t values = column.values > 0 ? column.values : config.generated.values;
    if (column.name == config.evaluate.group_by)
      group_ = static_cast<std::ptrdiff_t>(columns_.size());
    columns_.push_back({.seed = ColumnSeed(column.name),
                        .values = static_cast<double>(values),
                        .mass = Mass(static_cast<double>(values) + 1),
                        .numeric = column.kind == ColumnKind::kNumeric,
                        .used = column.use != Use::kNone});
    text +=
        fmt::format(" {} {} {} {}", column.name, NameOf(column.kind), NameOf(column.use), values);
  }
  AddCrosses(config);
  if (!config.evaluate.group_by.empty() && group_ < 0) {
    Fail(ExitCode::kUsage, "evaluate.group_by = \"{}\": generated data have no such column",
         config.evaluate.group_by);
  }
  for (std::size_t c = 0; c + 1 < columns_.size(); c += 2) {
    if (!columns_[c].numeric && !columns_[c + 1].numeric) pairs_.emplace_back(c, c + 1);
  }
  const double share = pairs_.empty() ? 1 : 0.5;
  single_scale_ = kLogitStddev * std::sqrt(share / static_cast<double>(columns_.size()));
  if (!pairs_.empty())
    pair_scale_ = kLogitStddev * std::sqrt((1 - share) / static_cast<double>(pairs_.size()));
  fingerprint_ = fmt::format("{:016x}", Xxh3(std::as_bytes(std::span(text))));
}

void GeneratedData::AddCrosses(const Config& config) {
  for (const CrossConfig& cross : config.crosses) {
    Cross made{.hash_buckets = static_cast<std::uint64_t>(cross.hash_buckets)};
    for (const std::string& column : cross.columns) {
      const auto at = std::find_if(config.columns.begin(), config.columns.end(),
                                   [&](const ColumnConfig& c) { return c.name == column; });
      made.columns.push_back(static_cast<std::size_t>(at - config.columns.begin()));
    }
    made.seed = ColumnSeed(CrossName(cross));
    crosses_.push_back(std::move(made));
  }
}

double GeneratedData::Mass(double end) const {
  return skew_ == 1 ? Log(end) : Pow(end, 1 - skew_) - 1;
}

// The inverse of the distribution function of a density that falls as x^-skew on [1, values + 1).
inline Key GeneratedData::Draw(const Column& column, double uniform) const {
  double x = 0;
  if (skew_ == 0) {
    x = 1 + uniform * column.values;
  } else if (skew_ == 1) {
    x = Exp(uniform * column.mass);
  } else {
    x = Pow(1 + uniform * column.mass, 1 / (1 - skew_));
  }
  const double value = std::clamp(std::floor(x), 1.0, column.values) - 1;
  return BucketKey(column.seed, static_cast<std::uint64_t>(value));
}

inline double GeneratedData::Effect(Key key) { return Centred(UnitDouble(Mix64(key))); }

inline double GeneratedData::Effect(Key a, Key b) {
  double sum = 0;
  for (std::uint64_t i = 1; i <= kHidden; ++i)
    sum += Centred(UnitDouble(Mix64(a + i))) * Centred(UnitDouble(Mix64(b + i)));
  return sum / std::sqrt(static_cast<double>(kHidden));
}

ExampleView GeneratedData::Example(std::uint64_t index, ExampleScratch* scratch) const {
  return Make(index, scratch);
}

FATHOM_VECTOR_CLONES
ExampleView GeneratedData::Make(std::uint64_t index, ExampleScratch* scratch) const {
  const std::uint64_t example = Mix64(seed_, index);
  scratch->keys.clear();
  scratch->numerics.clear();
  std::vector<Key>& drawn = scratch->drawn;
  drawn.assign(columns_.size(), 0);
  double effect = 0;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    const double uniform = UnitDouble(Mix64(example, c));
    if (column.numeric) {
      const double number = Centred(uniform);
      effect += number;
      if (column.used) scratch->numerics.push_back(static_cast<float>(number));
    } else {
      drawn[c] = Draw(column, uniform);
      effect += Effect(drawn[c]);
      if (column.used) scratch->keys.push_back(drawn[c]);
    }
  }
  effect *= single_scale_;
  for (const auto& [a, b] : pairs_) effect += pair_scale_ * Effect(drawn[a], drawn[b]);
  for (const Cross& cross : crosses_) {
    std::uint64_t state = CrossStart(cross.seed);
    for (const std::size_t column : cross.columns) state = CrossFold(state, drawn[column]);
    scratch->keys.push_back(CrossFinish(cross.seed, state, cross.hash_buckets));
  }
  const double probability = 1 / (1 + Exp(-(kBias + effect)));
  ExampleView view;
  view.label = UnitDouble(Mix64(example, kLabelStream)) < probability ? 1 : 0;
  view.group = group_ < 0 ? 0 : drawn[static_cast<std::size_t>(group_)];
  view.numerics = scratch->numerics.data();
  view.keys = scratch->keys.data();
  return view;
}

}  // namespace fathom
