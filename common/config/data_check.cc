#include "common/config/data_check.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

// The transforms that read a setting, as "none".
std::string TransformsThatRead(TransformSetting setting) {
  std::string names;
  for (std::size_t t = 0; t < NamesOf<TransformKind>::kNames.size(); ++t) {
    if (Reads(static_cast<TransformKind>(t), setting))
      names +=
          (names.empty() ? "" : ", ") + fmt::format("\"{}\"", NamesOf<TransformKind>::kNames[t]);
  }
  return names;
}

void CheckHasNoText(const Config& config, const std::string& origin) {
  const DataConfig& data = config.data;
  const DataConfig unset;
  const bool reads = !data.train.empty() || !data.test.empty() || !config.joins.empty() ||
                     !data.split_by.empty() || data.test_fraction > 0 ||
                     data.validation_fraction > 0;
  const std::string_view format = NameOf(data.format);
  if (reads) {
    Fail(ExitCode::kUsage,
         "{}: data.format = \"{}\" reads nothing: data.train, data.test, data.split_by, the "
         "fractions and [[join]] do not go with it (see [generated])",
         origin, format);
  }
  const auto has_no = [&](bool given, const char* key) {
    if (given)
      Fail(ExitCode::kUsage, "{}: data.format = \"{}\" reads nothing: {} does not go with it",
           origin, format, key);
  };
  has_no(data.missing != unset.missing, "data.missing");
  has_no(data.label != unset.label, "data.label");
  has_no(!data.label_negative.empty(), "data.label_negative");
  has_no(!data.weight.empty(), "data.weight");
  has_no(data.negative_rate != unset.negative_rate, "data.negative_rate");
  has_no(!data.filter.empty(), "data.filter");
  has_no(data.split_order != unset.split_order, "data.split_order");
  has_no(data.max_bad_lines != unset.max_bad_lines, "data.max_bad_lines");
}

void CheckSeparator(const std::string& separator, Quote quote, const std::string& where) {
  if (separator.find_first_of("\r\n") != std::string::npos)
    Fail(ExitCode::kUsage, "{} holds a line end, which ends a record", where);
  if (quote == Quote::kDouble && separator.find('"') != std::string::npos) {
    Fail(ExitCode::kUsage, "{} holds a quote, which begins a quoted field: say quote = \"none\"",
         where);
  }
}

void CheckJoins(const Config& config, const std::string& origin) {
  for (const JoinConfig& join : config.joins) {
    const std::string where = fmt::format("{}: [[join]] of {}: separator", origin, join.file);
    if (join.separator.empty())
      Fail(ExitCode::kUsage, "{} is empty: it is what stands between fields, as \",\"", where);
    CheckSeparator(join.separator, join.quote, where);
  }
}

// Settings that only formats whose fields the user names look at.
void CheckNamedFields(const DataConfig& data, const std::string& origin) {
  const bool named = Has(data.format, FormatTrait::kNamedFields);
  if (named && !data.header && data.names.empty())
    Fail(ExitCode::kUsage, "{}: data.header = false needs data.names", origin);
  if (!data.names.empty() && (data.header || !named)) {
    Fail(ExitCode::kUsage, "{}: data.names goes with data.header = false of the formats {}", origin,
         FormatsWith(FormatTrait::kNamedFields));
  }
  std::set<std::string> names;
  for (const std::string& name : data.names) {
    if (!names.insert(name).second)
      Fail(ExitCode::kUsage, "{}: data.names has \"{}\" twice", origin, name);
  }
  const auto only_named = [&](bool given, const char* key) {
    if (!given || named) return;
    Fail(ExitCode::kUsage, "{}: {} goes with the formats {} only: remove it for \"{}\"", origin,
         key, FormatsWith(FormatTrait::kNamedFields), NameOf(data.format));
  };
  only_named(!data.header, "data.header = false");
  only_named(data.trim, "data.trim");
  only_named(!data.separator.empty(), "data.separator");
  only_named(data.quote != Quote::kDouble, "data.quote");
  CheckSeparator(data.separator, data.quote, origin + ": data.separator");
}

void CheckText(const DataConfig& data, const std::string& origin) {
  if (data.train.empty()) Fail(ExitCode::kUsage, "{}: data.train names no file", origin);
  if (!data.test.empty() && data.test_fraction > 0) {
    Fail(ExitCode::kUsage, "{}: data.test and data.test_fraction exclude each other", origin);
  }
  if (data.split_order == SplitOrder::kTime && data.split_by.size() != 1) {
    Fail(ExitCode::kUsage,
         "{}: data.split_order = \"time\" goes by one column: name it in data.split_by, which has "
         "{}",
         origin, data.split_by.size());
  }
  const bool compares =
      data.label.find("==") != std::string::npos || data.label.find("!=") != std::string::npos;
  if (!data.label_negative.empty() && !compares) {
    Fail(ExitCode::kUsage,
         "{}: data.label_negative goes with a test by == or != only: data.label = \"{}\" has none",
         origin, data.label);
  }
}

void CheckTransform(const ColumnConfig& column, const std::string& where) {
  if (!GoesWith(column.transform, column.kind)) {
    Fail(ExitCode::kUsage, "{}: transform \"{}\" does not go with kind \"{}\"", where,
         NameOf(column.transform), NameOf(column.kind));
  }
  const ColumnConfig unset;
  const auto read_by = [&](TransformSetting setting, bool given, const char* key) {
    if (!given || Reads(column.transform, setting)) return;
    Fail(ExitCode::kUsage, "{}: {} goes with transform = {}, not with \"{}\"", where, key,
         TransformsThatRead(setting), NameOf(column.transform));
  };
  read_by(TransformSetting::kHashBuckets, column.hash_buckets > 0, "hash_buckets");
  read_by(TransformSetting::kMinCount, column.min_count != unset.min_count, "min_count");
  read_by(TransformSetting::kBoundaries, !column.boundaries.empty(), "boundaries");
  read_by(TransformSetting::kQuantileCount, column.quantiles != unset.quantiles, "quantiles");
  read_by(TransformSetting::kFolds, column.folds != unset.folds, "folds");
  read_by(TransformSetting::kPrior, column.prior != unset.prior, "prior");
  if (!Reads(column.transform, TransformSetting::kBoundaries)) return;
  if (column.boundaries.empty()) {
    Fail(ExitCode::kUsage, "{}: transform \"{}\" needs boundaries = [...]", where,
         NameOf(column.transform));
  }
  const bool ascending =
      std::is_sorted(column.boundaries.begin(), column.boundaries.end(), std::less_equal<>());
  if (!ascending)
    Fail(ExitCode::kUsage, "{}: boundaries must ascend, each above the one before", where);
}

// Settings that only columns of one kind look at.
void CheckKind(const ColumnConfig& column, DataFormat format, const std::string& where) {
  const ColumnConfig unset;
  const auto goes_with = [&](ColumnKind kind, bool given, const char* key) {
    if (given && column.kind != kind)
      Fail(ExitCode::kUsage, "{}: {} goes with kind = \"{}\" only", where, key, NameOf(kind));
  };
  const bool separator = column.separator != unset.separator;
  goes_with(ColumnKind::kMultivalent, separator, "separator");
  goes_with(ColumnKind::kMultivalent, column.weighted, "weighted");
  goes_with(ColumnKind::kMultivalent, column.pooling != unset.pooling, "pooling");
  goes_with(ColumnKind::kNumeric, column.missing_as != unset.missing_as, "missing_as");
  if (column.kind == ColumnKind::kNumeric && column.hash_buckets > 0)
    Fail(ExitCode::kUsage, "{}: hash_buckets does not go with kind = \"numeric\"", where);
  if (column.separator.size() != 1)
    Fail(ExitCode::kUsage, "{}: separator must be one character", where);
  if (separator && Has(format, FormatTrait::kPairs)) {
    Fail(ExitCode::kUsage,
         "{}: separator does not go with data.format = \"{}\", whose values stand between blanks",
         where, NameOf(format));
  }
  const bool embedded = UsesDeep(column.use) && column.kind != ColumnKind::kNumeric;
  if (column.dim > 0 && !embedded) {
    Fail(ExitCode::kUsage,
         "{}: dim goes with a categorical or multivalent column that the deep part uses: this one "
         "has no embedding",
         where);
  }
}

}  // namespace

std::string FormatsWith(FormatTrait trait) {
  std::string names;
  for (std::size_t f = 0; f < NamesOf<DataFormat>::kNames.size(); ++f) {
    if (Has(static_cast<DataFormat>(f), trait))
      names += (names.empty() ? "" : ", ") + std::string(NamesOf<DataFormat>::kNames[f]);
  }
  return names;
}

bool LooksAt(const ColumnConfig& column, std::string_view key) {
  constexpr std::pair<std::string_view, TransformSetting> kOfTransforms[] = {
      {"hash_buckets", TransformSetting::kHashBuckets},
      {"min_count", TransformSetting::kMinCount},
      {"boundaries", TransformSetting::kBoundaries},
      {"quantiles", TransformSetting::kQuantileCount},
      {"folds", TransformSetting::kFolds},
      {"prior", TransformSetting::kPrior}};
  const bool number = column.kind == ColumnKind::kNumeric;
  for (const auto& [name, setting] : kOfTransforms) {
    if (key != name) continue;
    return Reads(column.transform, setting) &&
           !(number && setting == TransformSetting::kHashBuckets);
  }
  if (key == "transform") return GoesWith(column.transform, column.kind);
  if (key == "separator" || key == "weighted" || key == "pooling")
    return column.kind == ColumnKind::kMultivalent;
  if (key == "missing_as") return number;
  if (key == "dim") return UsesDeep(column.use) && !number;
  return true;
}

void CheckData(const Config& config, const std::string& origin) {
  CheckNamedFields(config.data, origin);
  if (Has(config.data.format, FormatTrait::kNoText)) {
    CheckHasNoText(config, origin);
  } else {
    CheckText(config.data, origin);
    CheckJoins(config, origin);
  }
}

void CheckColumns(const Config& config, const std::string& origin) {
  for (const ColumnConfig& column : config.columns) {
    const std::string where = fmt::format("{}: [[column]] \"{}\"", origin, column.name);
    if (column.name.empty()) Fail(ExitCode::kUsage, "{}: a [[column]] has no name", origin);
    CheckTransform(column, where);
    CheckKind(column, config.data.format, where);
    if (column.values > 0 && !Has(config.data.format, FormatTrait::kNoText)) {
      Fail(ExitCode::kUsage, "{}: values goes with data.format = \"generated\"", where);
    }
  }
  for (const CrossConfig& cross : config.crosses) {
    const auto multivalent = [&](const ColumnConfig& column) {
      return column.kind == ColumnKind::kMultivalent &&
             std::count(cross.columns.begin(), cross.columns.end(), column.name) > 0;
    };
    const std::string where =
        fmt::format("{}: [[cross]] of {}", origin, fmt::join(cross.columns, ", "));
    if (cross.dim > 0 && !UsesDeep(cross.use))
      Fail(ExitCode::kUsage,
           "{}: dim goes with use = \"deep\" or \"both\": this one has no embedding", where);
    if (cross.pooling != CrossConfig().pooling &&
        std::none_of(config.columns.begin(), config.columns.end(), multivalent)) {
      Fail(ExitCode::kUsage,
           "{}: pooling goes with a multivalent column in it: else there is one key", where);
    }
  }
}

}  // namespace fathom
