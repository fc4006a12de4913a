#include "common/config/config_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "common/error.h"

namespace fathom {
namespace {

constexpr double kMinFilterBytes = 64e3;  // a thousand for each partition

void CheckTransform(const ColumnConfig& column, const std::string& where) {
  if (!GoesWith(column.transform, column.kind)) {
    Fail(ExitCode::kUsage, "{}: transform \"{}\" does not go with kind \"{}\"", where,
         NameOf(column.transform), NameOf(column.kind));
  }
  if (column.transform == TransformKind::kBuckets) {
    if (column.boundaries.empty())
      Fail(ExitCode::kUsage, "{}: transform \"buckets\" needs boundaries = [...]", where);
    const bool ascending =
        std::is_sorted(column.boundaries.begin(), column.boundaries.end(), std::less_equal<>());
    if (!ascending)
      Fail(ExitCode::kUsage, "{}: boundaries must ascend, each above the one before", where);
  } else if (!column.boundaries.empty()) {
    Fail(ExitCode::kUsage, "{}: boundaries go with transform = \"buckets\" only", where);
  }
}

void CheckColumns(const Config& config, const std::string& origin) {
  for (const ColumnConfig& column : config.columns) {
    const std::string where = fmt::format("{}: [[column]] \"{}\"", origin, column.name);
    if (column.name.empty()) Fail(ExitCode::kUsage, "{}: a [[column]] has no name", origin);
    CheckTransform(column, where);
    if (column.kind == ColumnKind::kMultivalent && column.separator.size() != 1) {
      Fail(ExitCode::kUsage, "{}: separator must be one character", where);
    }
    if (column.weighted && column.kind != ColumnKind::kMultivalent)
      Fail(ExitCode::kUsage, "{}: weighted goes with kind = \"multivalent\" only", where);
    if (column.missing_as != MissingAs::kNeutral && column.kind != ColumnKind::kNumeric)
      Fail(ExitCode::kUsage, "{}: missing_as goes with kind = \"numeric\" only", where);
    if (column.hash_buckets > 0 &&
        (column.kind == ColumnKind::kNumeric || column.transform != TransformKind::kNone)) {
      Fail(ExitCode::kUsage,
           "{}: hash_buckets goes with transform = \"none\" of a categorical or multivalent column",
           where);
    }
    if (column.values > 0 && config.data.format != DataFormat::kGenerated) {
      Fail(ExitCode::kUsage, "{}: values goes with data.format = \"generated\"", where);
    }
    if (column.min_count > 1 && column.transform != TransformKind::kVocabulary) {
      Fail(ExitCode::kUsage, "{}: min_count goes with transform = \"vocabulary\"", where);
    }
  }
}

// Generated data are not read, split or joined.
void CheckGenerated(const Config& config, const std::string& origin) {
  const DataConfig& data = config.data;
  const bool reads = !data.train.empty() || !data.test.empty() || !config.joins.empty() ||
                     !data.split_by.empty() || data.test_fraction > 0 ||
                     data.validation_fraction > 0;
  if (reads) {
    Fail(ExitCode::kUsage,
         "{}: data.format = \"generated\" reads nothing: data.train, data.test, data.split_by, the "
         "fractions and [[join]] do not go with it (see [generated])",
         origin);
  }
}

void CheckData(const DataConfig& data, const std::string& origin) {
  if (data.train.empty()) Fail(ExitCode::kUsage, "{}: data.train names no file", origin);
  if (!data.test.empty() && data.test_fraction > 0) {
    Fail(ExitCode::kUsage, "{}: data.test and data.test_fraction exclude each other", origin);
  }
  const bool separated = data.format == DataFormat::kCsv || data.format == DataFormat::kTsv;
  if (separated && !data.header && data.names.empty()) {
    Fail(ExitCode::kUsage, "{}: data.header = false needs data.names", origin);
  }
  if (!data.names.empty() && (data.header || !separated)) {
    Fail(ExitCode::kUsage, "{}: data.names goes with csv or tsv and data.header = false", origin);
  }
  std::set<std::string> names;
  for (const std::string& name : data.names) {
    if (!names.insert(name).second)
      Fail(ExitCode::kUsage, "{}: data.names has \"{}\" twice", origin, name);
  }
}

// Settings that were given go with the chosen rule.
void CheckOptimizer(const OptimizerConfig& config, const std::string& origin) {
  const std::string_view part = NameOf(config.part());
  const std::string_view rule = NameOf(config.optimizer);
  for (const std::string_view name : config.Given()) {
    if (config.Has(name)) continue;
    std::string known;
    for (const PartSetting& of_part : SettingsOfPart(config.part())) {
      if (config.Has(of_part.setting->name)) known += fmt::format("{}, ", of_part.setting->name);
    }
    Fail(ExitCode::kUsage,
         "{}: {}.{} is no setting of {}.optimizer = \"{}\", whose settings are {}l2: remove it, or "
         "choose another optimizer",
         origin, part, name, part, rule, known);
  }
}

// What evicts the rows that were trained least must find in them how much they were.
void CheckEviction(const Config& config, const std::string& origin) {
  const ServerConfig& server = config.server;
  if (!server.memory_limit.given() || !server.cold_tier.empty() ||
      server.at_limit != AtLimit::kEvictLeastTrained)
    return;
  for (const OptimizerConfig* const part : {static_cast<const OptimizerConfig*>(&config.wide),
                                            static_cast<const OptimizerConfig*>(&config.deep)}) {
    if (part->traits().trained >= 0) continue;
    Fail(ExitCode::kUsage,
         "{}: server.at_limit = \"{}\" goes by the squared gradients that a row has summed up, and "
         "{}.optimizer = \"{}\" sums up none: set server.at_limit to \"evict_smallest\", "
         "\"evict_oldest\" or \"refuse\"",
         origin, NameOf(server.at_limit), NameOf(part->part()), NameOf(part->optimizer));
  }
}

}  // namespace

void CheckConfig(const Config& config, const std::string& origin) {
  if (config.data.format == DataFormat::kGenerated) {
    CheckGenerated(config, origin);
  } else {
    CheckData(config.data, origin);
  }
  CheckColumns(config, origin);
  for (const JoinConfig& join : config.joins) {
    if (join.file.empty() || join.key.empty())
      Fail(ExitCode::kUsage, "{}: a [[join]] needs file and key", origin);
  }
  if (config.train.batch_size % config.train.slice_size != 0 &&
      config.train.batch_size > config.train.slice_size) {
    Fail(ExitCode::kUsage, "{}: train.batch_size = {} must be a multiple of train.slice_size = {}",
         origin, config.train.batch_size, config.train.slice_size);
  }
  for (const std::int64_t width : config.model.hidden) {
    if (width < 1 || width > 65536)
      Fail(ExitCode::kUsage, "{}: model.hidden: a width of {} is out of range: 1 to 65536", origin,
           width);
  }
  CheckOptimizer(config.wide, origin);
  CheckOptimizer(config.deep, origin);
  CheckOptimizer(config.dense, origin);
  CheckEviction(config, origin);
  if (!config.server.cold_tier.empty() && !config.server.memory_limit.given()) {
    Fail(ExitCode::kUsage,
         "{}: server.cold_tier needs server.memory_limit: how much of the tables may be in memory",
         origin);
  }
  if (!config.server.cold_tier.empty() && config.server.evict_unused_steps > 0) {
    Fail(
        ExitCode::kUsage,
        "{}: server.evict_unused_steps looks at the age of every row, which server.cold_tier keeps "
        "on disk; set one of the two",
        origin);
  }
  const ByteSize& filter = config.server.admission_filter;
  if (filter.bytes() < kMinFilterBytes) {
    Fail(ExitCode::kUsage, "{}: server.admission_filter = \"{}\" is not {}, of at least 64kB",
         origin, filter.text(), kByteSizeForm);
  }
  if (config.evaluate.on == EvaluationPart::kValidation && config.data.validation_fraction == 0) {
    Fail(ExitCode::kUsage, "{}: evaluate.on = \"validation\" needs data.validation_fraction",
         origin);
  }
}

}  // namespace fathom
