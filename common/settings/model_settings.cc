#include "common/settings/model_settings.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "common/config/cross_name.h"

namespace fathom {
namespace {

// What a run may have of its own, whatever the model that it uses: where data and output are, how
// the text of the data is laid out, what is the label and what counts, which part is which, how
// training goes, on how many processes. The seed may differ as the model's own is used. A name that
// ends with a dot is a whole table.
constexpr std::string_view kFree[] = {
    "resume",
    "seed",
    "output.",
    "cluster.",
    "checkpoint.",
    "warm_start.",
    "server.",
    "evaluate.",
    "generated.",
    "data.dir",
    "data.header",
    "data.names",
    "data.separator",
    "data.quote",
    "data.train",
    "data.test",
    "data.label",
    "data.label_negative",
    "data.weight",
    "data.negative_rate",
    "data.filter",
    "data.split_order",
    "data.split_by",
    "data.test_fraction",
    "data.validation_fraction",
    "data.split_seed",
    "data.packed_dir",
    "data.packed_keep",
    "data.max_bad_lines",
    "data.duckdb",
    "train.batch_size",
    "train.slice_size",
    "train.epochs",
    "train.patience",
    "train.schedule",
    "train.warmup_steps",
    "train.final_rate",
    "train.shuffle",
    "train.shuffle_window",
    "train.consistency",
    "train.staleness",
    "train.trace",
    "train.digests",
    "train.watch",
};

// Training may go on with other shapes and update rules: what of the model does not fit begins
// anew, and is said.
constexpr std::string_view kFreeInWarmStart[] = {"train.row_format", "model.", "wide.", "deep.",
                                                 "dense."};

// Of a column, a cross or a join.
constexpr std::string_view kFreeOfItem[] = {"join.separator", "join.quote"};
constexpr std::string_view kFreeOfItemInWarmStart[] = {
    "column.use",   "column.dim",    "column.min_count", "column.folds",
    "column.prior", "column.values", "cross.use",        "cross.dim"};

template <std::size_t kCount>
bool Listed(const std::string_view (&list)[kCount], std::string_view key) {
  return std::any_of(std::begin(list), std::end(list), [&](std::string_view free) {
    return free.back() == '.' ? key.substr(0, free.size()) == free : key == free;
  });
}

// "column.book.dim" as "column.dim"; others as they are. A column's name may hold dots.
std::string WithoutName(std::string_view key) {
  for (const std::string_view list : {"column.", "cross.", "join."}) {
    if (key.substr(0, list.size()) == list)
      return std::string(list) + std::string(key.substr(key.rfind('.') + 1));
  }
  return std::string(key);
}

bool MayDiffer(std::string_view key, const Config& given, ModelUse use) {
  const bool warm = use == ModelUse::kWarmStart;
  if (Listed(kFree, key) || (warm && Listed(kFreeInWarmStart, key))) return true;
  const std::string item = WithoutName(key);
  if (Listed(kFreeOfItem, item) || (warm && Listed(kFreeOfItemInWarmStart, item))) return true;
  return warm && item == "column.quantiles" &&
         given.warm_start.statistics == WarmStatistics::kUpdate;
}

// Formats whose fields hold values as text, whatever their layout.
bool HoldsPlainFields(DataFormat format) {
  return !Has(format, FormatTrait::kPairs) && !Has(format, FormatTrait::kNoText);
}

template <typename T, typename NameOfItem>
const T* FindNamed(const std::vector<T>& items, const std::string& name, NameOfItem name_of) {
  const auto found = std::find_if(items.begin(), items.end(),
                                  [&](const T& item) { return name_of(item) == name; });
  return found == items.end() ? nullptr : &*found;
}

// Puts into the order of `own` what both have; what only `given` has stays at its end.
template <typename T, typename NameOfItem>
void ArrangeAs(const std::vector<T>& own, std::vector<T>* given, NameOfItem name_of) {
  std::vector<T> arranged;
  for (const T& item : own) {
    if (const T* const found = FindNamed(*given, name_of(item), name_of))
      arranged.push_back(*found);
  }
  for (const T& item : *given) {
    if (FindNamed(own, name_of(item), name_of) == nullptr) arranged.push_back(item);
  }
  *given = std::move(arranged);
}

template <typename T, typename NameOfItem>
void KeepCommon(std::vector<T>* first, std::vector<T>* second, NameOfItem name_of) {
  const auto drop = [&](std::vector<T>* from, const std::vector<T>& other) {
    std::erase_if(
        *from, [&](const T& item) { return FindNamed(other, name_of(item), name_of) == nullptr; });
  };
  drop(first, *second);
  drop(second, *first);
}

const std::string& NameOfColumn(const ColumnConfig& column) { return column.name; }
const std::string& NameOfJoin(const JoinConfig& join) { return join.file; }

}  // namespace

std::vector<ColumnConfig> ColumnsInUse(const Config& config) {
  std::vector<ColumnConfig> used;
  for (const ColumnConfig& column : config.columns) {
    const bool crossed =
        std::any_of(config.crosses.begin(), config.crosses.end(), [&](const CrossConfig& cross) {
          return std::find(cross.columns.begin(), cross.columns.end(), column.name) !=
                 cross.columns.end();
        });
    if (column.use != Use::kNone || crossed) used.push_back(column);
  }
  return used;
}

std::vector<SettingDifference> DifferencesInMeaning(const Config& given, const Config& own,
                                                    ModelUse use) {
  Config a = given, b = own;
  a.columns = ColumnsInUse(given);
  b.columns = ColumnsInUse(own);
  if (use == ModelUse::kWarmStart) {
    KeepCommon(&a.columns, &b.columns, NameOfColumn);
    KeepCommon(&a.crosses, &b.crosses, CrossName);
    KeepCommon(&a.joins, &b.joins, NameOfJoin);
  }
  ArrangeAs(b.columns, &a.columns, NameOfColumn);
  ArrangeAs(b.crosses, &a.crosses, CrossName);
  if (HoldsPlainFields(a.data.format) && HoldsPlainFields(b.data.format))
    a.data.format = b.data.format;
  std::vector<SettingDifference> differences = DifferencesOf(a, b);
  std::erase_if(differences, [&](const SettingDifference& difference) {
    return MayDiffer(difference.key, given, use);
  });
  return differences;
}

Config ScoringConfig(const Config& given, const Config& own) {
  Config config = given;
  const auto same_name = [](const ColumnConfig& x, const ColumnConfig& y) {
    return x.name == y.name;
  };
  // The model's own config keeps even its idle columns: its packed data are found again.
  if (!std::equal(given.columns.begin(), given.columns.end(), own.columns.begin(),
                  own.columns.end(), same_name))
    config.columns = ColumnsInUse(own);
  config.seed = own.seed;
  config.crosses = own.crosses;
  config.server = own.server;
  config.server.admission_count = ServerConfig().admission_count;
  config.server.partitions = given.server.partitions;
  config.server.huge_pages = given.server.huge_pages;
  config.server.cold_tier = given.server.cold_tier;
  config.server.memory_limit =
      given.server.cold_tier.empty() ? ServerConfig().memory_limit : given.server.memory_limit;
  return config;
}

}  // namespace fathom
