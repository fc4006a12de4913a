#include "common/model/manifest.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::kRemedy;
using testing::ScratchDir;
using testing::SmallModel;
using Json = nlohmann::ordered_json;

class ManifestTest : public ::testing::Test {
 protected:
  void ExpectDamaged(std::initializer_list<const char*> words, const std::string& text) {
    dir_.Write("manifest.json", text);
    ExpectError(ExitCode::kModel, words, [&] { ReadManifest(dir_.path()); });
    ExpectError(ExitCode::kModel, {(dir_.path() / "manifest.json").c_str(), kRemedy},
                [&] { ReadManifest(dir_.path()); });
  }
  // The manifest with one value altered.
  void ExpectDamaged(std::initializer_list<const char*> words, const char* pointer,
                     const Json& value) {
    Json altered = json_;
    altered.at(Json::json_pointer(pointer)) = value;
    ExpectDamaged(words, altered.dump());
  }

  // As a program with a fault would write it: what reads it gets past the checksum.
  Json WithoutChecksum() const {
    Json json = Json::parse(dir_.Read("manifest.json"));
    json.erase("xxh3");
    return json;
  }

  ScratchDir dir_;
  Manifest written_ = SmallModel().Write(dir_.path());
  Json json_ = WithoutChecksum();
};

TEST_F(ManifestTest, RoundTrip) {
  const Manifest read = ReadManifest(dir_.path());
  EXPECT_EQ(read.step, written_.step);
  EXPECT_EQ(read.seed, written_.seed);
  EXPECT_EQ(read.tables, written_.tables);
  EXPECT_EQ(read.dense_floats, written_.dense_floats);
  EXPECT_EQ(read.files, written_.files);
  EXPECT_EQ(read.progress, std::nullopt);
}

TEST_F(ManifestTest, ACheckpointsProgressAndItsFilesOfChanges) {
  written_.progress = {.examples = 123456789012, .loss_sum = 0.1};
  written_.files.push_back({.name = "rows-00.12.bin",
                            .bytes = 2 * kBlockBytes + 1,
                            .checksum = 7,
                            .blocks = {8, 9, 10},
                            .rows = {5, 6},
                            .added = {3, 4}});
  WriteManifest(dir_.path(), written_);
  const Manifest read = ReadManifest(dir_.path());
  EXPECT_EQ(read.progress, written_.progress);
  EXPECT_EQ(read.files, written_.files);
  json_ = WithoutChecksum();
  ExpectDamaged({"loss_sum"}, "/progress/loss_sum", "0.1");
  ExpectDamaged({"examples"}, "/progress/examples", -1);
  const std::string last = "/files/" + std::to_string(read.files.size() - 1);
  ExpectDamaged({"rows-00.12.bin", "2 blocks"}, (last + "/blocks").c_str(),
                {"0000000000000001", "0000000000000002"});
  ExpectDamaged({"rows-00.12.bin", "other tables"}, (last + "/added").c_str(), {1});
}

TEST_F(ManifestTest, TheBestModelOfARunThatKeepsIt) {
  written_.best = {.by = BestBy::kAuc,
                   .best = {.step = 20, .epoch = 2, .logloss = 0.1, .auc = 0.9, .gauc = NAN},
                   .last = {.step = 40, .epoch = 4, .logloss = 0.2, .auc = 0.8, .gauc = 0.7},
                   .without_better = 2,
                   .digest = 0x0123456789ABCDEF};
  WriteManifest(dir_.path(), written_);
  const BestSoFar read = ReadManifest(dir_.path()).best.value();
  EXPECT_EQ(read.by, BestBy::kAuc);
  EXPECT_EQ(read.best.step, 20U);
  EXPECT_EQ(read.best.epoch, 2U);
  EXPECT_EQ(read.best.logloss, 0.1);
  EXPECT_TRUE(std::isnan(read.best.gauc));
  EXPECT_EQ(read.last.auc, 0.8);
  EXPECT_EQ(read.last.gauc, 0.7);
  EXPECT_EQ(read.without_better, 2U);
  EXPECT_EQ(read.digest, 0x0123456789ABCDEFU);
  json_ = WithoutChecksum();
  ExpectDamaged({"\"by\" is not known"}, "/best/by", "loss");
  ExpectDamaged({"\"auc\" is no number"}, "/best/best/auc", "0.9");
  ExpectDamaged({"without_better"}, "/best/without_better", -1);
}

TEST_F(ManifestTest, TablesWhoseRowsKeepTheirLastStep) {
  written_.tables[1].last_step = true;
  written_.tables[1].precision = Precision::kBfloat16;
  written_.tables[1].row_wise = true;
  WriteManifest(dir_.path(), written_);
  EXPECT_EQ(ReadManifest(dir_.path()).tables, written_.tables);
}

TEST_F(ManifestTest, WhatTheModelWasMadeFrom) {
  written_.origin = {.program = "fathom 9", .data = "0123abcd", .warm_start = "89abcdef"};
  WriteManifest(dir_.path(), written_);
  EXPECT_EQ(ReadManifest(dir_.path()).origin, written_.origin);
  json_ = WithoutChecksum();
  ExpectDamaged({"string"}, "/origin/data", 1);
  json_.erase("origin");
  ExpectDamaged({"origin"}, json_.dump());
}

TEST_F(ManifestTest, UpdateRules) {
  written_.tables[1].wide_rule = UpdateRuleKind::kAdaGrad;
  written_.tables[1].deep_rule = UpdateRuleKind::kAdam;
  written_.dense_rule = UpdateRuleKind::kSgd;
  WriteManifest(dir_.path(), written_);
  const Manifest read = ReadManifest(dir_.path());
  EXPECT_EQ(read.tables, written_.tables);
  EXPECT_EQ(read.dense_rule, UpdateRuleKind::kSgd);
  json_ = WithoutChecksum();
  ExpectDamaged({"wide_rule", "\"newton\""}, "/tables/1/wide_rule", "newton");
  ExpectDamaged({"deep_rule", "\"ftrl\""}, "/tables/1/deep_rule", "ftrl");
  ExpectDamaged({"dense_rule", "\"ftrl\""}, "/dense_rule", "ftrl");
}

TEST_F(ManifestTest, Partitions) {
  written_.partitions = fathom::Partitions(256);
  WriteManifest(dir_.path(), written_);
  EXPECT_EQ(ReadManifest(dir_.path()).partitions, fathom::Partitions(256));
  json_ = WithoutChecksum();
  ExpectDamaged({"\"partitions\" is 96, not a power of two from 64 to 4096"}, "/partitions", 96);
  ExpectDamaged({"partitions"}, "/partitions", 32);
  ExpectDamaged({"partitions"}, "/partitions", 8192);
  ExpectDamaged({"partitions"}, "/partitions", "256");
}

TEST_F(ManifestTest, ReplacesTheOldOneAndLeavesNothingBeside) {
  written_.step = 99;
  WriteManifest(dir_.path(), written_);
  EXPECT_EQ(ReadManifest(dir_.path()).step, 99U);
  EXPECT_FALSE(std::filesystem::exists(dir_.path() / "manifest.json.partial"));
}

TEST_F(ManifestTest, ChecksumsAre16HexadecimalDigits) {
  written_.files = {{.name = "a.bin", .bytes = 1, .checksum = 0xAB, .rows = {}}};
  WriteManifest(dir_.path(), written_);
  EXPECT_NE(dir_.Read("manifest.json").find("\"00000000000000ab\""), std::string::npos);
}

TEST_F(ManifestTest, NoManifest) {
  std::filesystem::remove(dir_.path() / "manifest.json");
  ExpectError(ExitCode::kModel, {dir_.path().c_str(), "no model"},
              [&] { ReadManifest(dir_.path()); });
}

TEST_F(ManifestTest, OneWithoutAChecksumOfItsOwnIsRead) {
  dir_.Write("manifest.json", json_.dump());
  EXPECT_EQ(ReadManifest(dir_.path()).files, written_.files);
}

// Whatever bit is flipped: it is noticed, or nothing has another meaning.
TEST_F(ManifestTest, EveryFlippedBitIsNoticedOrOfNoConsequence) {
  written_.progress = {.examples = 300, .loss_sum = 0.25};
  written_.files.resize(3);
  WriteManifest(dir_.path(), written_);
  const std::string text = dir_.Read("manifest.json");
  std::size_t noticed = 0;
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    dir_.Write("manifest.json", flipped);
    try {
      const Manifest read = ReadManifest(dir_.path());
      ASSERT_EQ(read.step, written_.step) << bit;
      ASSERT_EQ(read.seed, written_.seed) << bit;
      ASSERT_EQ(read.tables, written_.tables) << bit;
      ASSERT_EQ(read.dense_floats, written_.dense_floats) << bit;
      ASSERT_EQ(read.files, written_.files) << bit;
      ASSERT_EQ(read.progress, written_.progress) << bit;
    } catch (const Error& error) {
      ++noticed;
    }
  }
  EXPECT_GT(noticed, 4 * text.size());
}

TEST_F(ManifestTest, NotJson) {
  ExpectDamaged({"parse error"}, "");
  ExpectDamaged({"parse error"}, "step = 1");
  ExpectDamaged({"parse error"}, dir_.Read("manifest.json") + "}");
}

TEST_F(ManifestTest, CutShort) {
  const std::string text = json_.dump();
  for (std::size_t bytes = 0; bytes < text.size(); bytes += 97)
    ExpectDamaged({"parse error"}, text.substr(0, bytes));
}

TEST_F(ManifestTest, JsonOfAnotherKind) {
  for (const char* text : {"[]", "3", "null", "\"manifest\""}) ExpectDamaged({"damaged"}, text);
}

TEST_F(ManifestTest, AMissingMember) {
  for (const char* name :
       {"format", "version", "step", "seed", "dense_floats", "tables", "files"}) {
    Json altered = json_;
    altered.erase(name);
    ExpectDamaged({name}, altered.dump());
  }
  for (const char* name : {"name", "wide", "dim", "row_wise", "precision"}) {
    Json altered = json_;
    altered["tables"][1].erase(name);
    ExpectDamaged({name}, altered.dump());
  }
  for (const char* name : {"name", "bytes", "xxh3", "rows"}) {
    Json altered = json_;
    altered["files"][1].erase(name);
    ExpectDamaged({name}, altered.dump());
  }
}

TEST_F(ManifestTest, WrongFormat) {
  ExpectDamaged({"\"format\"", "fathom model"}, "/format", "fathom data");
}

TEST_F(ManifestTest, WrongVersion) { ExpectDamaged({"version 5", "reads 4"}, "/version", 5); }

TEST_F(ManifestTest, NumbersThatAreNone) {
  for (const char* pointer : {"/version", "/step", "/seed", "/dense_floats", "/tables/1/dim",
                              "/files/1/bytes", "/files/1/rows/0"}) {
    for (const Json& value :
         {Json(-1), Json(1.5), Json("1"), Json(true), Json(nullptr), Json(1e300)}) {
      ExpectDamaged({"no whole number"}, pointer, value);
    }
  }
}

TEST_F(ManifestTest, NumbersOutOfRange) {
  ExpectDamaged({"dense_floats", "2147483647"}, "/dense_floats", 1ULL << 31);
  ExpectDamaged({"dim", "65536"}, "/tables/1/dim", 65537);
  ExpectDamaged({"dim"}, "/tables/1/dim", (1ULL << 32) + 2);
}

TEST_F(ManifestTest, APrecisionThatIsNotKnown) {
  ExpectDamaged({"precision", "float64"}, "/tables/1/precision", "float64");
}

TEST_F(ManifestTest, ATableWithoutRows) {
  ExpectDamaged({"wide", "neither"}, "/tables/0/wide", false);
}

TEST_F(ManifestTest, TooManyTables) {
  ExpectDamaged({"too many tables"}, "/tables", Json(std::vector<Json>(1025, json_["tables"][0])));
}

TEST_F(ManifestTest, ListsThatAreNone) {
  for (const char* pointer : {"/tables", "/files", "/files/1/rows"}) {
    ExpectDamaged({"no array"}, pointer, {{"a", 1}});
    ExpectDamaged({"no array"}, pointer, 7);
  }
}

TEST_F(ManifestTest, ChecksumsThatAreNone) {
  for (const char* text : {"", "0123456789abcde", "0123456789abcdef0", "0x23456789abcdef",
                           "-123456789abcdef", "0123456789abcdeg", " 123456789abcdef"}) {
    ExpectDamaged({"xxh3", "16 hexadecimal digits"}, "/files/0/xxh3", text);
  }
}

TEST_F(ManifestTest, NamesThatLeaveTheFolder) {
  for (const char* name :
       {"", ".", "..", "../dense.bin", "/etc/passwd", "a/b", ".hidden", "a b", "a\\b", "a\nb"}) {
    ExpectDamaged({"no plain file name"}, "/files/0/name", name);
  }
}

TEST_F(ManifestTest, AFileNamedTwice) {
  ExpectDamaged({"rows-00.bin", "twice"}, "/files/2/name", "rows-00.bin");
}

TEST_F(ManifestTest, RowsOfAnotherNumberOfTables) {
  ExpectDamaged({"rows-00.bin", "number of tables"}, "/files/1/rows", {1, 2, 3});
}

}  // namespace
}  // namespace fathom
