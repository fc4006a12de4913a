#include "common/settings/config_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <utility>

#include "common/settings/config_dump.h"
#include "common/settings/settings.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;

Config Parse(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return ParseConfig("[data]\ntrain = [\"a.csv\"]\n" + text, "run.toml", "/data", overrides);
}

void ExpectUsage(const std::string& text, std::initializer_list<const char*> words,
                 const std::vector<std::string>& overrides = {}) {
  ExpectError(ExitCode::kUsage, words, [&] { Parse(text, overrides); });
}

TEST(ConfigFile, ReadsValuesOfEveryType) {
  const Config config = Parse(R"(
label = "rating >= 4"
trim = true
[model]
hidden = [8, 4]
[wide]
alpha = 1
[[column]]
name = "a"
boundaries = [1, 2.5]
transform = "buckets"
)");
  EXPECT_EQ(config.data.label, "rating >= 4");
  EXPECT_TRUE(config.data.trim);
  EXPECT_EQ(config.model.hidden, (std::vector<std::int64_t>{8, 4}));
  EXPECT_EQ(config.wide["alpha"], 1.0);
  ASSERT_EQ(config.columns.size(), 1U);
  EXPECT_EQ(config.columns[0].boundaries, (std::vector<double>{1, 2.5}));
}

TEST(ConfigFile, UnknownKeysNameLineAndNearestKey) {
  ExpectUsage("[train]\nepoch = 2\n", {"run.toml:4", "unknown key \"train.epoch\"",
                                       "nearest known key is \"train.epochs\""});
  ExpectUsage("[[column]]\nname = \"a\"\nkid = \"numeric\"\n",
              {"run.toml:5", "unknown key \"kid\" in [[column]]", "\"kind\""});
  ExpectUsage("", {"unknown key \"train.batchsize\"", "\"train.batch_size\""},
              {"train.batchsize=5"});
  ExpectUsage("[train.epochs]\nmany = 2\n", {"run.toml:4", "unknown key \"train.epochs.many\""});
  ExpectUsage("[weid]\nalpha = 2\n", {"unknown key \"weid.alpha\"", "\"wide.alpha\""});
}

TEST(ConfigFile, NoNearestKeyWhereNoneIsNear) {
  try {
    ParseConfig("", "run.toml", {}, {"foo=1"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(std::string(error.what()).find("nearest"), std::string::npos) << error.what();
  }
}

TEST(ConfigFile, NumbersOfASweepAreAsShortAsCanBe) {
  const Config config = ParseConfig(
      "[data]\ntrain = [\"a.csv\"]\n[sweep]\n\"deep.learning_rate\" = [0.1, 1e-5, 2.0]\n",
      "run.toml", {}, {});
  EXPECT_EQ(config.sweep.axes.at(0).values, (std::vector<std::string>{"0.1", "1e-05", "2.0"}));
}

TEST(ConfigFile, WrongTypes) {
  ExpectUsage("[train]\nepochs = \"two\"\n",
              {"run.toml:4", "train.epochs must be of type integer"});
  ExpectUsage("[train]\nepochs = 2.5\n", {"train.epochs must be of type integer"});
  ExpectUsage("[train]\nshuffle = 1\n", {"train.shuffle must be of type boolean"});
  ExpectUsage("[model]\nhidden = [\"a\"]\n", {"model.hidden must be of type list of integers"});
  ExpectUsage("[column]\nname = \"a\"\n", {"write [[column]]"});
}

TEST(ConfigFile, ValuesOutOfRange) {
  ExpectUsage("[train]\nbatch_size = 0\n",
              {"run.toml:4", "train.batch_size = 0 is out of range: 1 to"});
  ExpectUsage("[wide]\nalpha = 0.0\n", {"wide.alpha = 0.0 is out of range: above 0"});
  ExpectUsage("test_fraction = -0.01\n", {"data.test_fraction = -0.01 is out of range: 0 to 0.99"});
  ExpectUsage("test_fraction = 0.991\n", {"is out of range"});
  for (const double end : {0.0, 0.99})
    EXPECT_EQ(Parse("", {fmt::format("data.test_fraction={}", end)}).data.test_fraction, end);
  ExpectUsage("[cluster]\ntransport = \"udp\"\n",
              {"cluster.transport = \"udp\" is not one of: auto, inprocess, tcp"});
}

TEST(ConfigFile, NotToml) { ExpectUsage("[train\n", {"run.toml:3", "not TOML"}); }

TEST(ConfigFile, MissingFile) {
  ExpectError(ExitCode::kUsage, {"/nowhere/run.toml", "cannot be read"},
              [] { LoadConfig("/nowhere/run.toml", {}); });
}

TEST(ConfigFile, OverridesWinInOrder) {
  const Config config =
      Parse("[train]\nepochs = 2\n[[column]]\nname = \"a b\"\n",
            {"train.epochs=3", "train.epochs=4", "column.a b.dim=7", "model.hidden=[5]",
             "data.label=x == 1", "output.dir=\"q\"", "wide.alpha=2"});
  EXPECT_EQ(config.train.epochs, 4);
  EXPECT_EQ(config.columns[0].dim, 7);
  EXPECT_EQ(config.model.hidden, (std::vector<std::int64_t>{5}));
  EXPECT_EQ(config.data.label, "x == 1");
  EXPECT_EQ(config.output.dir, "q");
  EXPECT_EQ(config.wide["alpha"], 2);
  ExpectUsage("", {"no [[column]] named \"z\""}, {"column.z.dim=1"});
  ExpectUsage("", {"an override is key=value"}, {"train.epochs"});
}

// Settings that are easily taken for one another.
TEST(ConfigFile, EachKeySetsItsOwnSetting) {
  const Config config = Parse("", {"wide.l1=0.01",
                                   "wide.l2=0.02",
                                   "wide.alpha=0.03",
                                   "wide.beta=0.04",
                                   "deep.learning_rate=0.05",
                                   "deep.l2=0.06",
                                   "deep.initial_accumulator=0.07",
                                   "dense.learning_rate=0.08",
                                   "dense.l2=0.09",
                                   "dense.initial_accumulator=0.1",
                                   "dense.init_scale=0.11",
                                   "data.test_fraction=0.12",
                                   "data.validation_fraction=0.13",
                                   "evaluate.every_steps=14",
                                   "checkpoint.every_steps=15",
                                   "checkpoint.keep=16",
                                   "cluster.servers=17",
                                   "cluster.workers=18",
                                   "cluster.threads=19",
                                   "train.batch_size=20",
                                   "train.slice_size=21",
                                   "server.memory_limit=22MB",
                                   "server.admission_filter=23MB"});
  EXPECT_EQ(config.wide["l1"], 0.01);
  EXPECT_EQ(config.wide.l2, 0.02);
  EXPECT_EQ(config.wide["alpha"], 0.03);
  EXPECT_EQ(config.wide["beta"], 0.04);
  EXPECT_EQ(config.deep["learning_rate"], 0.05);
  EXPECT_EQ(config.deep.l2, 0.06);
  EXPECT_EQ(config.deep["initial_accumulator"], 0.07);
  EXPECT_EQ(config.dense["learning_rate"], 0.08);
  EXPECT_EQ(config.dense.l2, 0.09);
  EXPECT_EQ(config.dense["initial_accumulator"], 0.1);
  EXPECT_EQ(config.dense.init_scale, 0.11);
  EXPECT_EQ(config.data.test_fraction, 0.12);
  EXPECT_EQ(config.data.validation_fraction, 0.13);
  EXPECT_EQ(config.evaluate.every_steps, 14);
  EXPECT_EQ(config.checkpoint.every_steps, 15);
  EXPECT_EQ(config.checkpoint.keep, 16);
  EXPECT_EQ(config.cluster.servers, 17);
  EXPECT_EQ(config.cluster.workers, 18);
  EXPECT_EQ(config.cluster.threads, 19);
  EXPECT_EQ(config.train.batch_size, 20);
  EXPECT_EQ(config.train.slice_size, 21);
  EXPECT_EQ(config.server.memory_limit.text(), "22MB");
  EXPECT_EQ(config.server.admission_filter.text(), "23MB");
}

TEST(ConfigFile, DataDirStartsFromTheFile) {
  EXPECT_EQ(Parse("dir = \"../x\"\n").data.dir, "/x");
  EXPECT_EQ(Parse("dir = \"/abs\"\n").data.dir, "/abs");
  EXPECT_EQ(Parse("", {"data.dir=/other"}).data.dir, "/other");
  const std::filesystem::path here = std::filesystem::current_path();
  EXPECT_EQ(Parse("dir = \"x\"\n", {"data.dir=y"}).data.dir, (here / "y").string())
      << "one on the command line starts from where it is typed";
}

TEST(ConfigFile, ADumpIsReadBackTheSame) {
  const Config config = Parse(
      "label = \"a == \\\"q\\\\|\\u0007\"\n[[column]]\nname = \"a\"\n[[cross]]\ncolumns = [\"a\", "
      "\"a\"]\n[[join]]\nfile = \"s.csv\"\nkey = \"a\"\n",
      {"wide.l1=1e-9", "train.shuffle=false", "wide.l2=0.12345678901234567"});
  const std::string dump = DumpConfig(config);
  const Config read = ParseConfig(dump, "dump.toml", "/elsewhere", {});
  EXPECT_EQ(DumpConfig(read), dump);
  EXPECT_EQ(read.wide["l1"], 1e-9);
  EXPECT_EQ(read.wide.l2, 0.12345678901234567);
  EXPECT_FALSE(read.train.shuffle);
  EXPECT_EQ(read.data.label, config.data.label);
  EXPECT_EQ(read.columns.at(0).name, "a");
  EXPECT_EQ(read.crosses.at(0).columns, (std::vector<std::string>{"a", "a"}));
  EXPECT_EQ(read.joins.at(0).file, "s.csv");
}

TEST(ConfigFile, SettingsThatContradictEachOther) {
  ExpectUsage("test = [\"b.csv\"]\ntest_fraction = 0.1\n", {"data.test and data.test_fraction"});
  ExpectUsage("header = false\n", {"needs data.names"});
  ExpectUsage("[train]\nbatch_size = 1000\n", {"multiple of train.slice_size"});
  ExpectUsage("[evaluate]\non = \"validation\"\n", {"needs data.validation_fraction"});
  ExpectUsage("[[column]]\nname = \"a\"\ntransform = \"log\"\n",
              {"\"log\" does not go with kind \"categorical\""});
  ExpectUsage("[[column]]\nname = \"a\"\ntransform = \"buckets\"\n", {"needs boundaries"});
  ExpectUsage("[[column]]\nname = \"a\"\ntransform = \"buckets\"\nboundaries = [2, 1]\n",
              {"must ascend"});
  ExpectUsage("[[column]]\nname = \"a\"\ntransform = \"buckets\"\nboundaries = [1, 1]\n",
              {"must ascend"});
  ExpectUsage("[[column]]\nname = \"a\"\nmin_count = 3\n", {"min_count goes with"});
  ExpectUsage("names = [\"x\"]\n", {"data.names goes with"});
  ExpectUsage("header = false\nnames = [\"x\", \"x\"]\n", {"\"x\" twice"});
  ExpectUsage("[[join]]\nfile = \"s.csv\"\n", {"needs file and key"});
  ExpectUsage("[[column]]\nname = \"\"\n", {"has no name"});
  ExpectUsage("[model]\nhidden = [8, 0]\n", {"a width of 0 is out of range"});
}

TEST(ConfigFile, ColumnSettingsThatDoNotGoWithTheKind) {
  const std::pair<const char*, const char*> wrong[] = {
      {"boundaries = [1]", "boundaries goes with transform"},
      {"kind = \"multivalent\"\nseparator = \"||\"", "one character"},
      {"kind = \"multivalent\"\ntransform = \"buckets\"", "does not go with kind"},
      {"kind = \"numeric\"\ntransform = \"vocabulary\"", "does not go with kind"},
      {"weighted = true", "weighted goes with"},
      {"missing_as = \"zero\"", "missing_as goes with"},
      {"kind = \"numeric\"\nhash_buckets = 5", "hash_buckets does not go with"},
      {"transform = \"vocabulary\"\nhash_buckets = 5", "hash_buckets goes with"},
      {"values = 5", "values goes with"}};
  for (const auto& [setting, words] : wrong)
    ExpectUsage(std::string("[[column]]\nname = \"odd\"\n") + setting + "\n", {"\"odd\"", words});
}

TEST(ConfigFile, ASettingThatWasNotGivenIsTheChosenRules) {
  const Config config = Parse("", {"deep.learning_rate=0.5", "dense.optimizer=adam"});
  EXPECT_EQ(config.wide.optimizer, UpdateRuleKind::kFtrl);
  EXPECT_EQ(config.wide["alpha"], 0.1);
  EXPECT_EQ(config.deep["learning_rate"], 0.5);
  EXPECT_EQ(config.deep["row_wise"], 1);
  EXPECT_EQ(config.dense["learning_rate"], 0.001);
  EXPECT_EQ(config.dense["beta1"], 0.9);
  EXPECT_EQ(Parse("").dense["learning_rate"], 0.01);
  EXPECT_EQ(Parse("", {"deep.row_wise=false"}).deep["row_wise"], 0);
}

TEST(ConfigFile, PartitionsAreAPowerOfTwo) {
  EXPECT_EQ(Parse("").server.partitions, 64);
  EXPECT_EQ(Parse("", {"server.partitions=4096"}).server.partitions, 4096);
  ExpectUsage("", {"server.partitions = 96 is no power of two from 64 to 4096"},
              {"server.partitions=96"});
  ExpectUsage("", {"server.partitions = 32 is out of range"}, {"server.partitions=32"});
  ExpectUsage(
      "", {"server.admission_filter", "at least 4096kB for server.partitions = 4096"},
      {"server.partitions=4096", "server.admission_count=2", "server.admission_filter=4MB"});
}

TEST(ConfigFile, SettingsOfAnotherUpdateRule) {
  ExpectUsage("[wide]\nalpha = 1.0\n", {"wide.alpha", "wide.optimizer = \"adam\"", "beta2"},
              {"wide.optimizer=adam"});
  ExpectUsage("", {"deep.row_wise", "deep.optimizer = \"sgd\"", "learning_rate, l2"},
              {"deep.optimizer=sgd", "deep.row_wise=false"});
  ExpectUsage("", {"dense.optimizer = \"ftrl\" is not one of: adagrad, adam, sgd"},
              {"dense.optimizer=ftrl"});
  ExpectUsage("", {"unknown key \"dense.row_wise\""}, {"dense.row_wise=true"});
  ExpectUsage("", {"wide.beta1 = 1.5 is out of range"}, {"wide.optimizer=adam", "wide.beta1=1.5"});
  ExpectUsage("", {"deep.row_wise must be of type boolean"}, {"deep.row_wise=1"});
}

// Texts of before must be those of now: a run's data and checkpoints are known by them.
TEST(ConfigFile, ADumpNamesTheSettingsOfTheChosenRulesAlone) {
  const std::string dump = DumpConfig(Parse(""));
  EXPECT_NE(dump.find("[wide]\nalpha = 0.1\nbeta = 1.0\nl1 = 0.0\nl2 = 0.0\n\n"
                      "[deep]\nlearning_rate = 0.05\ninitial_accumulator = 0.1\nrow_wise = true\n"
                      "precision = \"float32\"\nl2 = 0.0\n\n"
                      "[dense]\nlearning_rate = 0.01\ninitial_accumulator = 1e-06\n"
                      "init_scale = 1.0\nl2 = 0.0\n"),
            std::string::npos)
      << dump;
  const std::string other =
      DumpConfig(Parse("", {"wide.optimizer=adam", "deep.optimizer=sgd", "wide.beta1=0.5"}));
  EXPECT_NE(other.find("[wide]\noptimizer = \"adam\"\nlearning_rate = 0.001\nbeta1 = 0.5\n"
                       "beta2 = 0.999\nepsilon = 1e-08\nl2 = 0.0\n\n"
                       "[deep]\noptimizer = \"sgd\"\nlearning_rate = 0.001\nprecision"),
            std::string::npos)
      << other;
  EXPECT_EQ(DumpConfig(ParseConfig(other, "dump.toml", "/elsewhere", {})), other);
}

TEST(ConfigFile, WhatWasTrainedLeastNeedsASumOfSquares) {
  for (const char* part : {"wide", "deep"}) {
    const std::string sgd = std::string(part) + ".optimizer=sgd";
    ExpectUsage("", {part, ".optimizer = \"sgd\"", "evict_least_trained", "evict_smallest"},
                {sgd, "server.memory_limit=1GB"});
    Parse("", {sgd, "server.memory_limit=1GB", "server.at_limit=evict_smallest"});
    Parse("", {sgd, "server.memory_limit=1GB", "server.cold_tier=."});
  }
  Parse("", {"wide.optimizer=adam", "deep.optimizer=adam", "server.memory_limit=1GB"});
}

TEST(ConfigFile, WhatIsNotUtf8CouldNotBeReadAgain) {
  ExpectUsage("", {"dir is not UTF-8"},
              {"output.dir=B\xFC"
               "cher"});
  ExpectUsage("", {"not UTF-8"}, {"data.dir=/data/\xE9"});
  const Config config = Parse("", {"data.dir=/a[b]\\c\"d/\xC3\xA9"});
  EXPECT_EQ(ParseConfig(DumpConfig(config), "dump.toml", "/elsewhere", {}).data.dir,
            config.data.dir);
}

TEST(Settings, EverySettingIsInTheHelpAndTheReference) {
  Config config;
  const std::string help = SettingsHelp(), markdown = SettingsMarkdown();
  for (const Setting& setting : SettingsOf(config)) {
    EXPECT_NE(help.find(setting.key), std::string::npos) << setting.key;
    EXPECT_NE(markdown.find("| `" + std::string(setting.key) + "` |"), std::string::npos)
        << setting.key;
    EXPECT_FALSE(setting.help.empty()) << setting.key;
    EXPECT_NO_THROW(CheckRange(setting, "default")) << setting.key;
  }
}

}  // namespace
}  // namespace fathom
