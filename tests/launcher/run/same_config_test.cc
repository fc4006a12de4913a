// Which settings the ranks of a run must agree on: each setting is changed in turn.
#include "launcher/run/same_config.h"

#include <gtest/gtest.h>

#include <set>

#include "common/settings/config_difference.h"
#include "common/settings/config_file.h"
#include "common/settings/settings.h"
#include "tests/support/changed_setting.h"

namespace fathom {
namespace {

Config SmallConfig() {
  return ParseConfig(
      "[data]\ntrain = [\"a.csv\"]\nlabel = \"click\"\n[[join]]\nfile = \"b.csv\"\nkey = \"user\"\n"
      "[[column]]\nname = \"user\"\n[[column]]\nname = \"item\"\n[[cross]]\ncolumns = "
      "[\"user\", \"item\"]\n",
      "small.toml", "/", {});
}

// The keys that may differ between ranks, of those that `settings_of` a config gives.
template <typename SettingsOfPart>
std::set<std::string_view> MayDiffer(SettingsOfPart settings_of) {
  const Config config = SmallConfig();
  Config copy = config;
  std::set<std::string_view> may_differ;
  for (std::size_t s = 0; s < settings_of(copy).size(); ++s) {
    Config changed = config;
    const std::vector<Setting> settings = settings_of(changed);
    if (!settings[s].dumped) continue;
    std::visit(testing::ChangeSetting(), settings[s].value);
    if (DifferencesOf(WithoutHostSettings(config), WithoutHostSettings(changed)).empty())
      may_differ.insert(settings[s].key);
  }
  return may_differ;
}

TEST(SameConfig, AllButTheHostsOwnSettingsMustAgree) {
  EXPECT_EQ(
      MayDiffer([](Config& config) { return SettingsOf(config); }),
      (std::set<std::string_view>{"cluster.interface", "cluster.threads", "data.dir", "data.duckdb",
                                  "data.packed_dir", "data.packed_keep", "output.dir",
                                  "output.progress_seconds", "server.huge_pages"}));
}

TEST(SameConfig, AColumnsACrosssAndAJoinsSettingsMustAgree) {
  EXPECT_TRUE(MayDiffer([](Config& config) { return SettingsOf(config.columns[1]); }).empty());
  EXPECT_TRUE(MayDiffer([](Config& config) { return SettingsOf(config.crosses[0]); }).empty());
  EXPECT_TRUE(MayDiffer([](Config& config) { return SettingsOf(config.joins[0]); }).empty());
}

TEST(ConfigDifference, NamesKeysAndBothValues) {
  const Config config = SmallConfig();
  Config other = config;
  other.seed = 7;
  other.columns[1].dim = 8;
  other.crosses[0].hash_buckets = 1000;
  other.wide.Set("alpha", 0.5);
  const auto differences = DifferencesOf(config, other);
  const std::string text = DescribeDifferences(differences, "rank 0");
  for (const char* part : {"seed = 1 (rank 0: 7)", "column.item.dim = 0 (rank 0: 8)",
                           "cross.user x item.hash_buckets = 0 (rank 0: 1000)", "wide.alpha = "})
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  EXPECT_EQ(differences.size(), 4U);
}

TEST(ConfigDifference, OfAnUpdateRulesOwnSettings) {
  const Config config = SmallConfig();
  Config other = config;
  other.deep.optimizer = UpdateRuleKind::kAdam;
  const std::string text = DescribeDifferences(DifferencesOf(config, other), "then");
  EXPECT_NE(text.find("deep.optimizer = \"adagrad\" (then: \"adam\")"), std::string::npos) << text;
  EXPECT_EQ(text.find("row_wise"), std::string::npos) << text;
}

TEST(ConfigDifference, OfListsTheirNames) {
  const Config config = SmallConfig();
  Config other = config;
  other.columns.pop_back();
  const auto differences = DifferencesOf(config, other);
  ASSERT_EQ(differences.size(), 1U);
  EXPECT_EQ(differences[0].key, "[[column]]");
  EXPECT_EQ(differences[0].first, "[user, item]");
  EXPECT_EQ(differences[0].second, "[user]");
}

}  // namespace
}  // namespace fathom
