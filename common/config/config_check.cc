#include "common/config/config_check.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "common/byte_size.h"
#include "common/error.h"

namespace fathom {
namespace {

constexpr double kMinFilterBytes = 64e3;  // a thousand for each partition

bool OneOf(std::string_view value, std::initializer_list<std::string_view> choices) {
  return std::find(choices.begin(), choices.end(), value) != choices.end();
}

void CheckTransform(const ColumnConfig& column, const std::string& where) {
  const bool fits =
      column.kind == "categorical"
          ? OneOf(column.transform, {"none", "vocabulary", "buckets", "quantiles"})
      : column.kind == "multivalent"
          ? OneOf(column.transform, {"none", "vocabulary"})
          : OneOf(column.transform, {"none", "log", "standardise", "log_standardise", "quantiles"});
  if (!fits)
    Fail(ExitCode::kUsage, "{}: transform \"{}\" does not go with kind \"{}\"", where,
         column.transform, column.kind);
  if (column.transform == "buckets") {
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
    if (column.kind == "multivalent" && column.separator.size() != 1) {
      Fail(ExitCode::kUsage, "{}: separator must be one character", where);
    }
    if (column.weighted && column.kind != "multivalent")
      Fail(ExitCode::kUsage, "{}: weighted goes with kind = \"multivalent\" only", where);
    if (column.missing_as != "neutral" && column.kind != "numeric")
      Fail(ExitCode::kUsage, "{}: missing_as goes with kind = \"numeric\" only", where);
    if (column.hash_buckets > 0 && (column.kind == "numeric" || column.transform != "none")) {
      Fail(ExitCode::kUsage,
           "{}: hash_buckets goes with transform = \"none\" of a categorical or multivalent column",
           where);
    }
    if (column.values > 0 && config.data.format != "generated") {
      Fail(ExitCode::kUsage, "{}: values goes with data.format = \"generated\"", where);
    }
    if (column.min_count > 1 && column.transform != "vocabulary") {
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
  const bool separated = data.format == "csv" || data.format == "tsv";
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

}  // namespace

void CheckConfig(const Config& config, const std::string& origin) {
  if (config.data.format == "generated") {
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
  if (!config.server.memory_limit.empty() && !ParseByteSize(config.server.memory_limit)) {
    Fail(ExitCode::kUsage, "{}: server.memory_limit = \"{}\" is not {}", origin,
         config.server.memory_limit, kByteSizeForm);
  }
  if (!config.server.cold_tier.empty() && config.server.memory_limit.empty()) {
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
  const auto filter = ParseByteSize(config.server.admission_filter);
  if (!filter || *filter < kMinFilterBytes) {
    Fail(ExitCode::kUsage, "{}: server.admission_filter = \"{}\" is not {}, of at least 64kB",
         origin, config.server.admission_filter, kByteSizeForm);
  }
  if (config.evaluate.on == "validation" && config.data.validation_fraction == 0) {
    Fail(ExitCode::kUsage, "{}: evaluate.on = \"validation\" needs data.validation_fraction",
         origin);
  }
}

}  // namespace fathom
