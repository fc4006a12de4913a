// The closed sets of words that a config may hold: each an enum with one table of its names. The
// parser turns words into kinds; nobody else compares a setting with a word.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace fathom {

// kNames[i] is the word of the kind whose value is i.
template <typename Kind>
struct NamesOf;

template <typename Kind>
constexpr std::string_view NameOf(Kind kind) {
  return NamesOf<Kind>::kNames[static_cast<std::size_t>(kind)];
}

template <typename Kind>
constexpr std::optional<Kind> KindNamed(std::string_view name) {
  for (std::size_t i = 0; i < NamesOf<Kind>::kNames.size(); ++i) {
    if (NamesOf<Kind>::kNames[i] == name) return static_cast<Kind>(i);
  }
  return std::nullopt;
}

// train.consistency
enum class Consistency { kSync, kBounded, kAsync };
template <>
struct NamesOf<Consistency> {
  static constexpr std::array<std::string_view, 3> kNames = {"sync", "bounded", "async"};
};

// data.quote, join.quote: whether a field may stand between quotes, as RFC 4180 has it; kNone: a
// quote is a character like others.
enum class Quote { kDouble, kNone };
template <>
struct NamesOf<Quote> {
  static constexpr std::array<std::string_view, 2> kNames = {"double", "none"};
};

// data.split_order: what decides which part of the data a line belongs to.
enum class SplitOrder { kHash, kTime };
template <>
struct NamesOf<SplitOrder> {
  static constexpr std::array<std::string_view, 2> kNames = {"hash", "time"};
};

// model.initial_bias
enum class InitialBias { kZero, kBaseRate };
template <>
struct NamesOf<InitialBias> {
  static constexpr std::array<std::string_view, 2> kNames = {"zero", "base_rate"};
};

// train.schedule: how learning rates change over the steps.
enum class RateSchedule { kConstant, kLinear };
template <>
struct NamesOf<RateSchedule> {
  static constexpr std::array<std::string_view, 2> kNames = {"constant", "linear"};
};

// evaluate.best: the metric whose best evaluation on the validation part is kept.
enum class BestBy { kNone, kLogLoss, kAuc, kGauc };
template <>
struct NamesOf<BestBy> {
  static constexpr std::array<std::string_view, 4> kNames = {"none", "logloss", "auc", "gauc"};
};

// warm_start.statistics: means, deviations and quantiles of the old model's columns.
enum class WarmStatistics { kKeep, kUpdate };
template <>
struct NamesOf<WarmStatistics> {
  static constexpr std::array<std::string_view, 2> kNames = {"keep", "update"};
};

// data.format: the input text's, one line of formats.def each.
enum class DataFormat {
#define FATHOM_FORMAT(kind, name, traits) kind,
#include "common/config/formats.def"
#undef FATHOM_FORMAT
};
template <>
struct NamesOf<DataFormat> {
  static constexpr std::array kNames = {
#define FATHOM_FORMAT(kind, name, traits) std::string_view(name),
#include "common/config/formats.def"
#undef FATHOM_FORMAT
  };
};

// What a format says about itself, as formats.def explains it.
enum class FormatTrait : unsigned { kNamedFields = 1, kPairs = 2, kNoText = 4 };
constexpr bool Has(DataFormat format, FormatTrait trait) {
  constexpr auto kNamedFields = static_cast<unsigned>(FormatTrait::kNamedFields);
  constexpr auto kPairs = static_cast<unsigned>(FormatTrait::kPairs);
  constexpr auto kNoText = static_cast<unsigned>(FormatTrait::kNoText);
  constexpr unsigned kTraits[] = {
#define FATHOM_FORMAT(kind, name, traits) traits,
#include "common/config/formats.def"
#undef FATHOM_FORMAT
  };
  return (kTraits[static_cast<std::size_t>(format)] & static_cast<unsigned>(trait)) != 0;
}

// column.kind: what a column's fields hold.
enum class ColumnKind { kCategorical, kMultivalent, kNumeric };
template <>
struct NamesOf<ColumnKind> {
  static constexpr std::array<std::string_view, 3> kNames = {"categorical", "multivalent",
                                                             "numeric"};
};

// column.use, cross.use: the parts of the model that a feature goes into.
enum class Use { kWide, kDeep, kBoth, kNone };
template <>
struct NamesOf<Use> {
  static constexpr std::array<std::string_view, 4> kNames = {"wide", "deep", "both", "none"};
};
constexpr bool UsesWide(Use use) { return use == Use::kWide || use == Use::kBoth; }
constexpr bool UsesDeep(Use use) { return use == Use::kDeep || use == Use::kBoth; }

// column.transform, one line of transforms.def each.
enum class TransformKind {
#define FATHOM_TRANSFORM(kind, name, of, settings) kind,
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM
};
template <>
struct NamesOf<TransformKind> {
  static constexpr std::array kNames = {
#define FATHOM_TRANSFORM(kind, name, of, settings) std::string_view(name),
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM
  };
};

// Whether a transform goes with a kind of column.
constexpr bool GoesWith(TransformKind transform, ColumnKind column) {
  constexpr unsigned kOfCategorical = 1U << static_cast<unsigned>(ColumnKind::kCategorical);
  constexpr unsigned kOfMultivalent = 1U << static_cast<unsigned>(ColumnKind::kMultivalent);
  constexpr unsigned kOfNumeric = 1U << static_cast<unsigned>(ColumnKind::kNumeric);
  constexpr unsigned kColumns[] = {
#define FATHOM_TRANSFORM(kind, name, of, settings) of,
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM
  };
  return (kColumns[static_cast<std::size_t>(transform)] >> static_cast<unsigned>(column) & 1U) != 0;
}

// The settings of a column that only some transforms read.
enum class TransformSetting : unsigned {
  kHashBuckets = 1,
  kMinCount = 2,
  kBoundaries = 4,
  kQuantileCount = 8,
  kFolds = 16,
  kPrior = 32
};
constexpr bool Reads(TransformKind transform, TransformSetting setting) {
  constexpr auto kHashBuckets = static_cast<unsigned>(TransformSetting::kHashBuckets);
  constexpr auto kMinCount = static_cast<unsigned>(TransformSetting::kMinCount);
  constexpr auto kBoundaries = static_cast<unsigned>(TransformSetting::kBoundaries);
  constexpr auto kQuantileCount = static_cast<unsigned>(TransformSetting::kQuantileCount);
  constexpr auto kFolds = static_cast<unsigned>(TransformSetting::kFolds);
  constexpr auto kPrior = static_cast<unsigned>(TransformSetting::kPrior);
  constexpr unsigned kSettings[] = {
#define FATHOM_TRANSFORM(kind, name, of, settings) settings,
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM
  };
  return (kSettings[static_cast<std::size_t>(transform)] & static_cast<unsigned>(setting)) != 0;
}

// wide.optimizer, deep.optimizer, dense.optimizer: one entry of update_rules.def each.
enum class UpdateRuleKind {
#define FATHOM_UPDATE_RULE(rule, name, ...) k##rule,
#include "common/config/update_rules.def"
#undef FATHOM_UPDATE_RULE
};
template <>
struct NamesOf<UpdateRuleKind> {
  static constexpr std::array kNames = {
#define FATHOM_UPDATE_RULE(rule, name, ...) std::string_view(name),
#include "common/config/update_rules.def"
#undef FATHOM_UPDATE_RULE
  };
};

// The parts of the model, one line of model_parts.def each, in the order in which they run.
enum class ModelPartKind {
#define FATHOM_MODEL_PART(kind, name) kind,
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) kind,
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
};
template <>
struct NamesOf<ModelPartKind> {
  static constexpr std::array kNames = {
#define FATHOM_MODEL_PART(kind, name) std::string_view(name),
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) std::string_view(name),
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
  };
};
inline constexpr std::size_t kModelParts = NamesOf<ModelPartKind>::kNames.size();

// What an optional part asks of the columns.
enum class PartNeeds {
  kNothing,
  kFieldsOfOneDim,  // two fields or more in the deep part, all of one dim
};
constexpr PartNeeds NeedsOf(ModelPartKind part) {
  constexpr PartNeeds kNeeds[] = {
#define FATHOM_MODEL_PART(kind, name) PartNeeds::kNothing,
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) needs,
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
  };
  return kNeeds[static_cast<std::size_t>(part)];
}

// column.missing_as: what a missing number becomes.
enum class MissingAs { kNeutral, kZero };
template <>
struct NamesOf<MissingAs> {
  static constexpr std::array<std::string_view, 2> kNames = {"neutral", "zero"};
};

// column.pooling, cross.pooling: how several embeddings become one.
enum class Pooling { kSum, kMean };
template <>
struct NamesOf<Pooling> {
  static constexpr std::array<std::string_view, 2> kNames = {"sum", "mean"};
};

// train.row_format: how rows, and the gradients that come back for them, travel between servers and
// workers. With kBfloat16 every node of the slice tree is rounded, so the sums do not depend on who
// adds them.
enum class RowFormat { kFloat32, kBfloat16 };
template <>
struct NamesOf<RowFormat> {
  static constexpr std::array<std::string_view, 2> kNames = {"float32", "bfloat16"};
};

// deep.precision: how servers keep embeddings. With kBfloat16 each update is rounded up or down at
// random, the nearer value more often, by a pure function of (seed, table, key, step): small steps
// are not lost, and every layout rounds alike.
enum class Precision { kFloat32, kBfloat16 };
template <>
struct NamesOf<Precision> {
  static constexpr std::array<std::string_view, 2> kNames = {"float32", "bfloat16"};
};

// evaluate.on
enum class EvaluationPart { kTest, kValidation };
template <>
struct NamesOf<EvaluationPart> {
  static constexpr std::array<std::string_view, 2> kNames = {"test", "validation"};
};

// server.at_limit: what a partition does that holds more rows than it may.
enum class AtLimit {
  kEvictLeastTrained,  // those with the smallest sum of squared gradients
  kEvictSmallest,      // those with the smallest |w| + squared norm of the embedding
  kEvictOldest,        // those that were updated longest ago
  kRefuse,             // evict none: new keys get no row
};
template <>
struct NamesOf<AtLimit> {
  static constexpr std::array<std::string_view, 4> kNames = {
      "evict_least_trained", "evict_smallest", "evict_oldest", "refuse"};
};

// cluster.transport
enum class TransportKind { kAuto, kInProcess, kTcp, kMpi };
template <>
struct NamesOf<TransportKind> {
  static constexpr std::array<std::string_view, 4> kNames = {"auto", "inprocess", "tcp", "mpi"};
};

// output.shared: whether all ranks see rank 0's output.dir.
enum class SharedFolder { kAuto, kYes, kNo };
template <>
struct NamesOf<SharedFolder> {
  static constexpr std::array<std::string_view, 3> kNames = {"auto", "yes", "no"};
};

// output.side_tables: which columns of its joined tables a model keeps.
enum class SideTables { kUsed, kAll };
template <>
struct NamesOf<SideTables> {
  static constexpr std::array<std::string_view, 2> kNames = {"used", "all"};
};

// The first words of `resume`; another text is a checkpoint's folder.
enum class ResumeFrom { kNo, kAuto, kRestart, kFolder };
template <>
struct NamesOf<ResumeFrom> {
  static constexpr std::array<std::string_view, 3> kNames = {"no", "auto", "restart"};
};
inline ResumeFrom ResumeFromOf(std::string_view resume) {
  return KindNamed<ResumeFrom>(resume).value_or(ResumeFrom::kFolder);
}

}  // namespace fathom
