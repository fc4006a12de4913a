// What a run may change that goes on from a checkpoint: each setting is changed in turn.
#include "launcher/run/model_config.h"

#include <gtest/gtest.h>

#include <set>

#include "common/error.h"
#include "common/model/model_text.h"
#include "common/settings/config_file.h"
#include "common/settings/settings.h"
#include "tests/support/changed_setting.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

class ResumedConfigTest : public ::testing::Test {
 protected:
  ResumedConfigTest() {
    manifest_.files.push_back(WriteTextFile(dir_.path(), "config.toml", ModelConfigText(config_)));
  }

  // The keys that may differ, of those that `settings_of` a config gives; the refusals name theirs.
  template <typename SettingsOfPart>
  std::set<std::string> MayDiffer(SettingsOfPart settings_of) {
    std::set<std::string> may_differ;
    Config copy = config_;
    for (std::size_t s = 0; s < settings_of(copy).size(); ++s) {
      Config changed = config_;
      const std::vector<Setting> settings = settings_of(changed);
      if (!settings[s].dumped) continue;
      std::visit(testing::ChangeSetting(), settings[s].value);
      const std::string key(settings[s].key);
      try {
        CheckSameConfig(changed, dir_.path(), manifest_);
        may_differ.insert(key);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::kUsage);
        const bool of_list = key == "name" || key == "columns" || key == "file";
        EXPECT_NE(std::string(error.what()).find(of_list ? "[[" : key), std::string::npos)
            << error.what();
      }
    }
    return may_differ;
  }

  testing::ScratchDir dir_;
  Manifest manifest_;
  Config config_ = ParseConfig(
      "[data]\ntrain = [\"a.csv\"]\nlabel = \"click\"\n[[join]]\nfile = \"b.csv\"\nkey = \"user\"\n"
      "[[column]]\nname = \"user\"\n[[column]]\nname = \"item\"\n[[cross]]\ncolumns = "
      "[\"user\", \"item\"]\n",
      "small.toml", dir_.path(), {});
};

TEST_F(ResumedConfigTest, AllButTheHarmlessSettingsStay) {
  EXPECT_EQ(MayDiffer([](Config& config) { return SettingsOf(config); }),
            (std::set<std::string>{"resume",
                                   "output.dir",
                                   "output.shared",
                                   "output.progress_seconds",
                                   "output.side_tables",
                                   "output.names",
                                   "data.dir",
                                   "data.packed_dir",
                                   "data.packed_keep",
                                   "train.epochs",
                                   "train.patience",
                                   "evaluate.on",
                                   "evaluate.best",
                                   "data.duckdb",
                                   "train.trace",
                                   "train.digests",
                                   "train.watch",
                                   "evaluate.every_steps",
                                   "checkpoint.every_steps",
                                   "checkpoint.keep",
                                   "server.partitions",
                                   "server.cold_tier",
                                   "server.huge_pages",
                                   "cluster.servers",
                                   "cluster.workers",
                                   "cluster.threads",
                                   "cluster.transport",
                                   "cluster.interface",
                                   "cluster.tls",
                                   "cluster.timeout_seconds"}));
}

// Models that were judged by one metric say nothing of the best by another.
TEST_F(ResumedConfigTest, WhatIsBestStaysOnceAModelWasJudged) {
  config_.data.validation_fraction = 0.2;
  config_.evaluate.best = BestBy::kLogLoss;
  manifest_.files = {WriteTextFile(dir_.path(), "config.toml", ModelConfigText(config_))};
  Config by_auc = config_;
  by_auc.evaluate.best = BestBy::kAuc;
  const auto check = [&](const Config& config) { CheckSameConfig(config, dir_.path(), manifest_); };
  check(by_auc);
  manifest_.best = BestSoFar{.by = BestBy::kLogLoss};
  check(by_auc);
  manifest_.best->last.step = 100;
  check(config_);
  testing::ExpectError(ExitCode::kUsage, {"evaluate.best = \"auc\"", "the checkpoint: \"logloss\""},
                       [&] { check(by_auc); });
  Config no_best = config_;
  no_best.evaluate.best = BestBy::kNone;
  check(no_best);
  // The metric that the models were judged by counts, whatever the config beside it says.
  manifest_.best->by = BestBy::kAuc;
  check(by_auc);
  testing::ExpectError(ExitCode::kUsage, {"evaluate.best"}, [&] { check(config_); });
  // What the metric is measured on, and by which groups, stays too.
  manifest_.best->by = BestBy::kLogLoss;
  Config other = config_;
  other.data.validation_fraction = 0.3;
  testing::ExpectError(ExitCode::kUsage, {"data.validation_fraction"}, [&] { check(other); });
  other = config_;
  other.evaluate.group_by = "item";
  testing::ExpectError(ExitCode::kUsage, {"evaluate.group_by"}, [&] { check(other); });
}

TEST_F(ResumedConfigTest, ColumnsCrossesAndJoinsStay) {
  using Keys = std::set<std::string>;
  EXPECT_EQ(MayDiffer([](Config& config) { return SettingsOf(config.columns[1]); }), Keys());
  EXPECT_EQ(MayDiffer([](Config& config) { return SettingsOf(config.crosses[0]); }), Keys());
  EXPECT_EQ(MayDiffer([](Config& config) { return SettingsOf(config.joins[0]); }), Keys());
  std::swap(config_.columns[0], config_.columns[1]);
  testing::ExpectError(ExitCode::kUsage,
                       {"[[column]] = [item, user] (the checkpoint: [user, item])"},
                       [&] { CheckSameConfig(config_, dir_.path(), manifest_); });
}

}  // namespace
}  // namespace fathom
