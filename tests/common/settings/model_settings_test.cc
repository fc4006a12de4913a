// What a config may change that is used with a trained model: each setting is changed in turn.
#include "common/settings/model_settings.h"

#include <gtest/gtest.h>

#include <set>

#include "common/settings/config_file.h"
#include "common/settings/settings.h"
#include "tests/support/changed_setting.h"

namespace fathom {
namespace {

using testing::ChangeSetting;
using Keys = std::set<std::string>;

Config SmallConfig() {
  return ParseConfig(
      "[data]\ntrain = [\"a.csv\"]\nlabel = \"click\"\n[[join]]\nfile = \"b.csv\"\nkey = \"user\"\n"
      "[[column]]\nname = \"user\"\n[[column]]\nname = \"item\"\n[[column]]\nname = \"age\"\n"
      "kind = \"numeric\"\n[[cross]]\ncolumns = [\"user\", \"item\"]\n",
      "small.toml", "/", {});
}

// The keys that may differ from the model's, of those that `settings_of` a config gives.
template <typename SettingsOfPart>
Keys MayDiffer(ModelUse use, SettingsOfPart settings_of) {
  const Config own = SmallConfig();
  Config copy = own;
  Keys may_differ;
  for (std::size_t s = 0; s < settings_of(copy).size(); ++s) {
    Config given = own;
    const std::vector<Setting> settings = settings_of(given);
    if (!settings[s].dumped) continue;
    std::visit(ChangeSetting(), settings[s].value);
    const auto differences = DifferencesInMeaning(given, own, use);
    if (differences.empty()) {
      may_differ.insert(std::string(settings[s].key));
      continue;
    }
    EXPECT_EQ(differences.size(), 1U) << settings[s].key;
    EXPECT_NE(differences[0].first, differences[0].second) << settings[s].key;
  }
  return may_differ;
}

const Keys kFreeToScore = {
    "resume", "output.dir", "output.shared", "output.progress_seconds", "output.side_tables",
    "output.names",
    // The model's own is used.
    "seed",
    // How the text lies there, what is counted, which part is which. data.format: csv as tsv.
    "data.dir", "data.format", "data.header", "data.names", "data.separator", "data.quote",
    "data.train", "data.test", "data.label", "data.label_negative", "data.weight",
    "data.negative_rate", "data.filter", "data.split_order", "data.split_by", "data.test_fraction",
    "data.validation_fraction", "data.split_seed", "data.packed_dir", "data.packed_keep",
    "data.max_bad_lines", "data.duckdb", "generated.examples", "generated.test_examples",
    "generated.values", "generated.skew", "generated.seed",
    // How training goes.
    "train.batch_size", "train.slice_size", "train.epochs", "train.patience", "train.schedule",
    "train.warmup_steps", "train.final_rate", "train.shuffle", "train.shuffle_window",
    "train.consistency", "train.staleness", "train.trace", "train.digests", "train.watch",
    "evaluate.every_steps", "evaluate.on", "evaluate.best", "evaluate.group_by",
    "checkpoint.every_steps", "checkpoint.keep", "warm_start.model", "warm_start.optimizer_state",
    "warm_start.statistics",
    // Where rows lie, and on how many processes.
    "server.partitions", "server.huge_pages", "server.memory_limit", "server.cold_tier",
    "server.at_limit", "server.evict_unused_steps", "server.admission_probability",
    "server.admission_count", "server.admission_filter", "cluster.servers", "cluster.workers",
    "cluster.threads", "cluster.transport", "cluster.interface", "cluster.tls",
    "cluster.timeout_seconds"};

const auto kOfConfig = [](Config& config) { return SettingsOf(config); };
const auto kOfColumn = [](Config& config) { return SettingsOf(config.columns[0]); };
const auto kOfCross = [](Config& config) { return SettingsOf(config.crosses[0]); };
const auto kOfJoin = [](Config& config) { return SettingsOf(config.joins[0]); };

TEST(ModelSettings, AllButTheHarmlessOnesMustBeTheModelsToScoreWithIt) {
  EXPECT_EQ(MayDiffer(ModelUse::kScore, kOfConfig), kFreeToScore);
  EXPECT_EQ(MayDiffer(ModelUse::kScore, kOfColumn), Keys());
  EXPECT_EQ(MayDiffer(ModelUse::kScore, kOfCross), Keys());
  EXPECT_EQ(MayDiffer(ModelUse::kScore, kOfJoin), (Keys{"separator", "quote"}));
}

TEST(ModelSettings, TheModelsOwnSeedScores) {
  Config own = SmallConfig();
  own.seed = 7;
  EXPECT_EQ(ScoringConfig(SmallConfig(), own).seed, 7);
}

TEST(ModelSettings, AWarmStartMayHaveOtherShapesAndRulesButNoOtherMeaning) {
  Keys may_differ = kFreeToScore;
  Config copy = SmallConfig();
  for (const Setting& setting : SettingsOf(copy)) {
    const std::string key(setting.key);
    const std::string table = key.substr(0, key.find('.'));
    if (setting.dumped && Keys{"model", "wide", "deep", "dense"}.count(table) > 0)
      may_differ.insert(key);
  }
  may_differ.insert("train.row_format");
  EXPECT_EQ(MayDiffer(ModelUse::kWarmStart, kOfConfig), may_differ);
  // Under another name it is another column, cross or side table.
  EXPECT_EQ(MayDiffer(ModelUse::kWarmStart, kOfColumn),
            (Keys{"name", "use", "min_count", "folds", "prior", "dim", "values"}));
  EXPECT_EQ(MayDiffer(ModelUse::kWarmStart, kOfCross), (Keys{"columns", "use", "dim"}));
  EXPECT_EQ(MayDiffer(ModelUse::kWarmStart, kOfJoin), (Keys{"file", "separator", "quote"}));
}

TEST(ModelSettings, TheNumberOfQuantilesMayChangeWhereTheyAreLearntAnew) {
  const Config own = SmallConfig();
  Config given = own;
  given.columns[2].quantiles = 7;
  EXPECT_EQ(DifferencesInMeaning(given, own, ModelUse::kWarmStart).size(), 1U);
  given.warm_start.statistics = WarmStatistics::kUpdate;
  EXPECT_TRUE(DifferencesInMeaning(given, own, ModelUse::kWarmStart).empty());
}

TEST(ModelSettings, ColumnsAreMatchedByNameNotByOrder) {
  const Config own = SmallConfig();
  Config given = own;
  std::swap(given.columns[0], given.columns[2]);
  EXPECT_TRUE(DifferencesInMeaning(given, own, ModelUse::kScore).empty());
  EXPECT_EQ(ScoringConfig(given, own).columns[0].name, "user");
  EXPECT_EQ(ScoringConfig(given, own).columns[2].name, "age");
  std::swap(given.columns[0].name, given.columns[2].name);
  EXPECT_EQ(DifferencesInMeaning(given, own, ModelUse::kScore).size(), 2U) << "both kinds";
}

TEST(ModelSettings, AColumnMoreOrLessIsNamed) {
  const Config own = SmallConfig();
  Config given = own;
  given.columns.pop_back();
  const auto differences = DifferencesInMeaning(given, own, ModelUse::kScore);
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].key, "[[column]]");
  EXPECT_EQ(differences[0].second, "[user, item, age]");
  EXPECT_TRUE(DifferencesInMeaning(given, own, ModelUse::kWarmStart).empty());
  given = own;
  given.columns.push_back({.name = "fold", .use = Use::kNone});
  EXPECT_TRUE(DifferencesInMeaning(given, own, ModelUse::kScore).empty()) << "nobody reads it";
}

TEST(ModelSettings, PairsAreReadOtherwiseThanFields) {
  const Config own = SmallConfig();
  Config given = own;
  for (const DataFormat format : {DataFormat::kLibsvm, DataFormat::kGenerated}) {
    given.data.format = format;
    EXPECT_EQ(DifferencesInMeaning(given, own, ModelUse::kScore).size(), 1U);
  }
}

TEST(ModelSettings, ScoringEvictsNoRow) {
  Config given = SmallConfig();
  given.server.memory_limit = ByteSize("1MB");
  EXPECT_FALSE(ScoringConfig(given, SmallConfig()).server.memory_limit.given());
  given.server.cold_tier = "/local";
  EXPECT_TRUE(ScoringConfig(given, SmallConfig()).server.memory_limit.given());
}

}  // namespace
}  // namespace fathom
