#include "common/model/model_compare.h"

#include <gtest/gtest.h>

#include <cmath>

#include "common/model/admission_file.h"
#include "common/model/manifest.h"
#include "common/model/row_state.h"
#include "tests/common/model/small_model.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::KeyIn;
using testing::ScratchDir;
using testing::SmallModel;

std::string Difference(const SmallModel& a, const SmallModel& b) {
  const ScratchDir dir;
  a.Write(dir.path() / "a");
  b.Write(dir.path() / "b");
  return CompareModels(dir.path() / "a", dir.path() / "b");
}

TEST(ModelCompare, IdenticalModels) { EXPECT_EQ(Difference({}, {}), ""); }

// Rows are the same wherever they lie.
TEST(ModelCompare, RowsInOtherPartitions) {
  SmallModel b;
  b.cut = Partitions(128);
  EXPECT_EQ(Difference({}, b), "");
  EXPECT_EQ(Difference(b, {}), "");
  b.rows[0][KeyIn(5, 1)] = {1, 2};
  EXPECT_EQ(Difference({}, b), "table wide, key 1400000000000001: only in the second");
  b = {};
  b.cut = Partitions(128);
  b.rows[1][KeyIn(5, 0)][0] = 8;
  EXPECT_EQ(Difference({}, b),
            "table wide_deep2, key 1400000000000000, z: -1 (bits bf800000) against 8 (bits "
            "41000000)");
}

TEST(ModelCompare, AnotherStep) { EXPECT_EQ(Difference({}, {.step = 13}), "step: 12 against 13"); }

TEST(ModelCompare, AnotherSeed) {
  EXPECT_EQ(Difference({.seed = 1}, {.seed = 2}), "seed: 1 against 2");
}

TEST(ModelCompare, AnotherNumberOfDenseParameters) {
  SmallModel b;
  b.dense.resize(32);
  b.dense_state.resize(32);
  EXPECT_EQ(Difference({}, b), "dense parameters: 16 against 32");
}

TEST(ModelCompare, OtherTables) {
  SmallModel b;
  b.tables.pop_back();
  b.rows.pop_back();
  EXPECT_EQ(Difference({}, b), "tables: 2 against 1");
  b = {};
  b.tables[1].row_wise = true;
  for (auto& [key, state] : b.rows[1]) state.pop_back();
  EXPECT_EQ(Difference({}, b), "table 1: wide_deep2 (32 B a row) against wide_deep2 (28 B a row)");
}

TEST(ModelCompare, ADenseParameter) {
  SmallModel b;
  b.dense[3] = 0.5F;
  EXPECT_EQ(Difference({}, b),
            "dense parameter 3: 0.25 (bits 3e800000) against 0.5 (bits 3f000000)");
}

TEST(ModelCompare, ADenseAccumulator) {
  SmallModel b;
  b.dense_state[15] = 1.25F;
  EXPECT_EQ(Difference({}, b),
            "dense accumulator 15: 1.5 (bits 3fc00000) against 1.25 (bits 3fa00000)");
}

TEST(ModelCompare, EveryPartOfARowHasItsName) {
  const char* names[] = {
      "z", "n", "embedding[0]", "embedding[1]", "accumulator[0]", "accumulator[1]"};
  for (std::size_t i = 0; i < 6; ++i) {
    SmallModel b;
    b.rows[1][KeyIn(5, 0)][i] = 8;
    const std::string difference = Difference({}, b);
    EXPECT_EQ(
        difference.find("table wide_deep2, key 1400000000000000, " + std::string(names[i]) + ": "),
        0U)
        << difference;
    EXPECT_NE(difference.find("against 8 (bits 41000000)"), std::string::npos) << difference;
  }
}

TEST(ModelCompare, TheStateOfARuleHasItsNames) {
  SmallModel a;
  a.tables[0].wide_rule = UpdateRuleKind::kSgd;
  a.tables[1].wide_rule = UpdateRuleKind::kAdam;
  a.tables[1].deep_rule = UpdateRuleKind::kAdam;
  a.rows = {{{KeyIn(0, 1), {1}}}, {{KeyIn(5, 0), std::vector<float>(9, 2)}}};
  const char* names[] = {"weight", "m",    "v",    "embedding[0]", "embedding[1]",
                         "m[0]",   "m[1]", "v[0]", "v[1]"};
  for (std::size_t i = 0; i < 9; ++i) {
    SmallModel b = a;
    b.rows[1][KeyIn(5, 0)][i] = 8;
    EXPECT_EQ(Difference(a, b).find("table wide_deep2, key 1400000000000000, " +
                                    std::string(names[i]) + ": 2 "),
              0U)
        << Difference(a, b);
  }
  SmallModel b = a;
  b.rows[0][KeyIn(0, 1)][0] = 8;
  EXPECT_EQ(Difference(a, b).find("table wide, key 0000000000000001, weight: 1 "), 0U);
  b = a;
  b.tables[0].wide_rule = UpdateRuleKind::kAdaGrad;
  b.rows[0] = {};
  EXPECT_EQ(Difference(a, b),
            "table 0: wide (12 B a row, wide sgd) against wide (16 B a row, wide adagrad)");
}

TEST(ModelCompare, TheStateOfTheDenseRuleHasItsNames) {
  SmallModel a;
  a.dense_rule = UpdateRuleKind::kAdam;
  a.dense_state.assign(32, 1.5F);
  for (const auto& [i, name] :
       {std::pair<std::size_t, const char*>{3, "dense m 3: "}, {16 + 4, "dense v 4: "}}) {
    SmallModel b = a;
    b.dense_state[i] = 1;
    EXPECT_EQ(Difference(a, b).find(name), 0U) << Difference(a, b);
  }
  EXPECT_EQ(Difference({}, a), "dense.optimizer: adagrad against adam");
}

TEST(ModelCompare, TheLastStepIsAWholeNumber) {
  SmallModel a;
  a.tables[1].last_step = true;
  for (auto& [key, state] : a.rows[1]) state.push_back(0);
  SmallModel b = a;
  SetLastStep(a.tables[1], 7, a.rows[1][KeyIn(5, 0)].data());
  SetLastStep(b.tables[1], 4000000000, b.rows[1][KeyIn(5, 0)].data());
  EXPECT_EQ(Difference(a, b),
            "table wide_deep2, key 1400000000000000, last_step: 7 against 4000000000");
  EXPECT_EQ(Difference({}, a), "table 1: wide_deep2 (32 B a row) against wide_deep2 (36 B a row)");
}

TEST(ModelCompare, CountersOfTwoCheckpoints) {
  const ScratchDir dir;
  std::vector<std::byte> counters(100);
  const auto write = [&](const char* name) {
    Manifest manifest = SmallModel().Write(dir.path() / name);
    manifest.files.push_back(WriteAdmissionFile(FolderOutput(dir.path() / name), 7, counters));
    WriteManifest(dir.path() / name, manifest);
  };
  SmallModel().Write(dir.path() / "model");
  write("a");
  write("same");
  counters[33] = std::byte{0x21};
  write("b");
  EXPECT_EQ(CompareModels(dir.path() / "a", dir.path() / "same"), "");
  EXPECT_EQ(CompareModels(dir.path() / "a", dir.path() / "model"), "");
  EXPECT_EQ(CompareModels(dir.path() / "a", dir.path() / "b"),
            "admission filter, partition 7, byte 33: 00 against 21");
}

TEST(ModelCompare, BitsCountAndNotValues) {
  SmallModel a, b;
  a.dense[0] = 0.0F;
  b.dense[0] = -0.0F;
  EXPECT_EQ(Difference(a, b), "dense parameter 0: 0 (bits 00000000) against -0 (bits 80000000)");
  a.dense[0] = b.dense[0] = std::nanf("");
  EXPECT_EQ(Difference(a, b), "");
}

TEST(ModelCompare, ARowInTheFirstOnly) {
  SmallModel b;
  b.rows[0].erase(KeyIn(63, 9));
  EXPECT_EQ(Difference({}, b), "table wide, key fc00000000000009: only in the first");
}

TEST(ModelCompare, ARowInTheSecondOnly) {
  SmallModel b;
  b.rows[0][KeyIn(0, 4)] = {1, 1};  // between two rows of both
  EXPECT_EQ(Difference({}, b), "table wide, key 0000000000000004: only in the second");
}

// The files are cut by partition first, the order is that of table and key.
TEST(ModelCompare, TheFirstDifferenceIsThatOfTheFirstTable) {
  SmallModel b;
  b.rows[1][KeyIn(0, 3)][0] = 8;   // table 1, partition 0
  b.rows[0][KeyIn(63, 9)][0] = 8;  // table 0, partition 63
  EXPECT_EQ(Difference({}, b).find("table wide, key fc00000000000009, z:"), 0U);
}

TEST(ModelCompare, TheFirstDifferenceIsThatOfTheFirstKey) {
  SmallModel b;
  b.rows[1][KeyIn(0, 3)][5] = 8;
  b.rows[1][KeyIn(5, 0)][0] = 8;
  EXPECT_EQ(Difference({}, b).find("table wide_deep2, key 0000000000000003, accumulator[1]:"), 0U);
}

TEST(ModelCompare, ADamagedModelIsNoDifference) {
  const ScratchDir dir;
  SmallModel().Write(dir.path() / "a");
  SmallModel().Write(dir.path() / "b");
  std::filesystem::resize_file(dir.path() / "b" / "rows-63.bin", 10);
  testing::ExpectError(ExitCode::kModel, {"b/rows-63.bin", "10 bytes"},
                       [&] { CompareModels(dir.path() / "a", dir.path() / "b"); });
}

}  // namespace
}  // namespace fathom
