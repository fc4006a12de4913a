#include "common/settings/idle_settings.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr const char* kColumns = R"(
[data]
train = ["a.csv"]
test = ["b.csv"]
[[column]]
name = "a"
[[column]]
name = "n"
kind = "numeric"
)";

std::vector<std::string> Told(const std::vector<std::string>& overrides,
                              const Placement& placement = {}, const std::string& text = kColumns) {
  GivenKeys given;
  const Config config = ParseConfig(text, "run.toml", "/", overrides, &given);
  return IdleSettings(config, given, placement, "run.toml");
}

// That `given` is told, for this reason, and nothing else, with `overrides` before it; and that it
// has an effect with `remedy` in between.
void ExpectTold(const std::string& given, const std::string& reason, const std::string& remedy,
                std::vector<std::string> overrides = {}) {
  const std::string key = given.substr(0, given.find('='));
  const auto with = [&](const std::string& last) {
    std::vector<std::string> all = overrides;
    all.push_back(last);
    return Told(all);
  };
  EXPECT_EQ(with(given),
            std::vector<std::string>{"run.toml: " + key + " has no effect: " + reason});
  overrides.push_back(remedy);
  for (const std::string& text : with(given)) {
    EXPECT_EQ(text.find(key + " has no effect"), std::string::npos) << remedy << ": " << text;
  }
}

void ExpectRefused(const std::vector<std::string>& overrides, const char* key, const char* reason,
                   const Placement& placement = {}) {
  ExpectError(ExitCode::kUsage, {"run.toml: ", key, " has no effect: ", reason},
              [&] { Told(overrides, placement); });
}

TEST(IdleSettings, NothingIsToldOfWhatHasAnEffect) {
  EXPECT_TRUE(Told({}).empty());
  EXPECT_TRUE(Told({"wide.l1=1.0", "deep.l2=1.0", "model.hidden=[4]", "train.epochs=2",
                    "checkpoint.keep=3", "evaluate.every_steps=5", "column.a.dim=3"})
                  .empty());
}

TEST(IdleSettings, SettingsOfAModeThatIsNotOn) {
  ExpectTold("train.staleness=4", "train.consistency is not \"bounded\"",
             "train.consistency=bounded");
  ExpectTold("train.shuffle_window=4", "train.shuffle is false", "train.shuffle=true",
             {"train.shuffle=false"});
  ExpectTold("server.at_limit=refuse", "server.memory_limit sets no limit",
             "server.memory_limit=1GB");
  ExpectTold("server.at_limit=refuse", "rows beyond the limit go to server.cold_tier",
             "server.cold_tier=", {"server.memory_limit=1GB", "server.cold_tier=/cold"});
  ExpectTold("server.admission_filter=1MB", "server.admission_count = 1 counts no keys",
             "server.admission_count=2");
  ExpectTold("warm_start.optimizer_state=true", "warm_start.model names no model",
             "warm_start.model=/model");
}

TEST(IdleSettings, SettingsOfDataThatAreNotThere) {
  ExpectTold("data.split_seed=2", "no part is split off: give data.test_fraction",
             "data.validation_fraction=0.1");
  ExpectTold("data.split_by=[\"a\"]", "no part is split off: give data.test_fraction",
             "data.validation_fraction=0.1");
  for (const char* key : {"evaluate.every_steps=5", "evaluate.group_by=a"}) {
    ExpectTold(key, "there is nothing to evaluate on: give data.test", "data.test_fraction=0.1",
               {"data.test=[]"});
  }
}

TEST(IdleSettings, SettingsOfTheBestModelAndOfTheLearningRates) {
  ExpectTold("evaluate.best=auc", "there is no validation part: give data.validation_fraction",
             "data.validation_fraction=0.1");
  ExpectTold("train.warmup_steps=4", "train.schedule is \"constant\"", "train.schedule=linear");
  ExpectTold("train.final_rate=0.5", "train.schedule is \"constant\"", "train.schedule=linear");
}

TEST(IdleSettings, SettingsOfAPartThatTheModelHasNot) {
  for (const char* key : {"wide.l1=1", "wide.alpha=0.5"}) {
    ExpectTold(key, "no categorical column or cross is used by the wide part", "column.a.use=both",
               {"column.a.use=deep"});
  }
  ExpectTold("deep.l2=1", "no categorical column or cross is used by the deep part",
             "column.a.use=both", {"column.a.use=wide"});
  ExpectTold("model.embedding_dim=4", "no column has an embedding", "column.a.use=both",
             {"column.a.use=wide"});
  ExpectTold("model.init_stddev=1", "no column has an embedding", "column.a.use=both",
             {"column.a.use=wide"});
  ExpectTold("model.hidden=[4]", "no column is used by the deep part", "column.n.use=both",
             {"column.a.use=wide", "column.n.use=wide"});
}

TEST(IdleSettings, SettingsOfColumnsAndCrosses) {
  ExpectTold("column.a.pooling=sum", "the column has no embedding", "column.a.use=deep",
             {"column.a.kind=multivalent", "column.a.use=wide"});
  const std::string cross =
      std::string(kColumns) + "[[cross]]\ncolumns = [\"a\", \"n\"]\npooling = \"sum\"\n";
  EXPECT_EQ(
      Told({}, {}, cross),
      std::vector<std::string>{"run.toml: cross.a x n.pooling has no effect: use is \"wide\": the "
                               "cross has no embedding"});
  EXPECT_TRUE(Told({}, {}, cross + "use = \"both\"\n").empty());
}

TEST(IdleSettings, SettingsOfAnotherWayToRun) {
  const Placement ranks{.processes = 4}, hosts{.processes = 4, .hosts = 2};
  EXPECT_TRUE(Told({"cluster.workers=2"}).empty());
  EXPECT_EQ(Told({"cluster.workers=2"}, ranks).size(), 1U);
  EXPECT_EQ(Told({"cluster.interface=eth0"}).size(), 1U);
  EXPECT_EQ(Told({"cluster.interface=eth0"}, ranks).size(), 1U);
  EXPECT_TRUE(Told({"cluster.interface=eth0"}, hosts).empty());
  EXPECT_EQ(Told({"cluster.interface=eth0", "cluster.transport=mpi"}, hosts).size(), 1U);
  EXPECT_EQ(Told({"cluster.tls=true"}).size(), 1U);
  EXPECT_TRUE(Told({"cluster.tls=true"}, ranks).empty());
  EXPECT_TRUE(Told({"cluster.tls=true", "cluster.transport=tcp"}).empty());
  EXPECT_TRUE(Told({"cluster.tls=false"}).empty());
}

TEST(IdleSettings, WhatCanOnlyBeAMistakeIsRefused) {
  const Placement ranks{.processes = 4};
  ExpectRefused({"cluster.tls=true", "cluster.transport=mpi"}, "cluster.tls", "clear text", ranks);
  ExpectRefused({"cluster.tls=true", "cluster.transport=inprocess"}, "cluster.tls",
                "sends nothing");
  ExpectRefused({"generated.skew=2"}, "generated.skew", "data.format is not \"generated\"");
  // A file of before fathom marked its own names every setting with its default.
  EXPECT_EQ(Told({"generated.skew=1.0"}).size(), 1U);
}

// Such a file names every setting; but one that would leave frames in clear text is no matter of
// who wrote it.
TEST(IdleSettings, AFileThatFathomWroteGivesNoKeys) {
  Config config = ParseConfig(kColumns, "run.toml", "/", {});
  EXPECT_TRUE(Told({}, {.processes = 4}, ConfigFileText(config)).empty());
  EXPECT_EQ(Told({"train.staleness=3"}, {}, ConfigFileText(config)).size(), 1U);
  EXPECT_GT(Told({}, {}, DumpConfig(config)).size(), 5U);
  config.cluster.tls = true;
  config.cluster.transport = TransportKind::kMpi;
  ExpectError(ExitCode::kUsage, {"cluster.tls has no effect"},
              [&] { Told({}, {.processes = 4}, ConfigFileText(config)); });
}

TEST(IdleSettings, TheExampleConfigsHaveNone) {
  const auto configs = std::filesystem::path(FATHOM_SOURCE_DIR) / "configs";
  int read = 0;
  for (const auto& file : std::filesystem::directory_iterator(configs)) {
    if (file.path().extension() != ".toml") continue;
    GivenKeys given;
    const Config config = LoadConfig(file.path(), {}, &given);
    EXPECT_FALSE(given.empty()) << file.path();
    for (const Placement& placement : {Placement{}, Placement{.processes = 4, .hosts = 2}}) {
      for (const std::string& text : IdleSettings(config, given, placement, file.path().string()))
        ADD_FAILURE() << text;
    }
    ++read;
  }
  EXPECT_GE(read, 6);
}

}  // namespace
}  // namespace fathom
