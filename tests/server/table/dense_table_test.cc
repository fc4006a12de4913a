#include "server/table/dense_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "common/model/dense_file.h"
#include "tests/server/simulated_step.h"
#include "tests/support/expect_error.h"
#include "tests/support/optimizer_settings.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

ModelSpec Spec(int dense_floats) {
  ModelSpec spec;
  spec.dense_floats = dense_floats;
  return spec;
}

TEST(DenseTable, OneStepByHand) {
  Config config;
  testing::Give(&config.dense, {{"learning_rate", 0.5}, {"initial_accumulator", 7}});
  const ModelSpec spec = Spec(16);
  DenseTable table(config, spec, 0, 1);
  const float before = table.values()[3];
  std::vector<float> gradient(16);
  gradient[3] = 3;
  table.Update(0, 1, std::vector<DenseGradient>{{0, gradient}});
  EXPECT_FLOAT_EQ(table.values()[3], before - 0.5F * 3 / 4);
  EXPECT_EQ(table.values()[4], before);
}

TEST(DenseTable, TheStepIsTakenWithTheMeanOverTheExamples) {
  Config config;
  testing::Give(&config.dense, {{"learning_rate", 0.5}, {"initial_accumulator", 7}});
  const ModelSpec spec = Spec(16);
  DenseTable table(config, spec, 0, 1);
  const float before = table.values()[3];
  std::vector<float> gradient(16);
  gradient[3] = 12;
  table.Update(0, 4, std::vector<DenseGradient>{{0, gradient}});
  EXPECT_FLOAT_EQ(table.values()[3], before - 0.5F * 3 / 4);
}

// Two blocks and more, so that the state of each rule is found at its place in every block; saved
// and restored on other servers, with the second step there.
TEST(DenseTable, AdamKeepsItsStateOverBlocksAndServers) {
  constexpr int kFloats = 2 * 1024 + 48;
  Config config;
  config.dense.optimizer = UpdateRuleKind::kAdam;
  ModelSpec spec = Spec(kFloats);
  spec.dense_rule = UpdateRuleKind::kAdam;
  std::vector<float> gradient(kFloats);
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = std::cos(static_cast<float>(i));
  DenseTable whole(config, spec, 0, 1);
  const std::vector<float> initial(whole.values().begin(), whole.values().end());
  whole.Update(0, 1, std::vector<DenseGradient>{{0, gradient}});
  const testing::ScratchDir dir;
  CreateDense(dir.path(), kFloats, 2);
  whole.Save(FolderOutput(dir.path()));
  const DenseState state = ReadDense(dir.path(), {.tables = {},
                                                  .dense_floats = kFloats,
                                                  .dense_rule = UpdateRuleKind::kAdam,
                                                  .files = {FinishDense(dir.path(), kFloats, 2)}});
  for (std::size_t i = 0; i < kFloats; ++i) {
    ASSERT_NEAR(state.values[i], initial[i] - 0.001 * (gradient[i] > 0 ? 1 : -1), 1e-6) << i;
    ASSERT_NEAR(state.state[i], 0.1 * gradient[i], 1e-7) << i;
    ASSERT_NEAR(state.state[kFloats + i], 0.001 * gradient[i] * gradient[i], 1e-8) << i;
  }
  whole.Update(1, 1, std::vector<DenseGradient>{{0, gradient}});
  for (int server = 0; server < 3; ++server) {
    DenseTable part(config, spec, server, 3);
    part.Restore(state);
    const auto [first, end] = DenseRange(kFloats, server, 3);
    part.Update(1, 1,
                std::vector<DenseGradient>{{0, std::span(gradient).subspan(first, end - first)}});
    for (std::size_t i = first; i < end; ++i)
      ASSERT_EQ(part.values()[i - first], whole.values()[i]) << i;
  }
}

TEST(DenseTable, RangesOfAllServersTogetherAreTheWhole) {
  Config config;
  const ModelSpec spec = Spec(5 * 16);
  const DenseTable whole(config, spec, 0, 1);
  for (const int servers : {2, 3, 7}) {
    std::size_t at = 0;
    for (int s = 0; s < servers; ++s) {
      const DenseTable part(config, spec, s, servers);
      for (const float value : part.values()) EXPECT_EQ(value, whole.values()[at++]);
    }
    EXPECT_EQ(at, whole.values().size());
  }
}

// More parameters than one block, so that the blocks' borders count too.
TEST(DenseTable, SumsAreTheSameBitsForEverySplitBetweenWorkers) {
  constexpr std::size_t kFloats = 3 * 1024 + 48;
  const SimulatedStep step({}, kFloats, 11, 3);
  Config config;
  const ModelSpec spec = Spec(kFloats);
  DenseTable reference(config, spec, 0, 1);
  const auto sum = step.DenseSum(step.root());
  reference.Update(0, 1, std::vector<DenseGradient>{{0, *sum}});
  for (int workers = 1; workers <= 11; ++workers) {
    std::vector<SimulatedStep::Values> values;
    std::vector<std::uint32_t> first_slices;
    for (int w = 0; w < workers; ++w) {
      const auto [begin, end] = SlicesOfWorker(step.slices(), w, workers);
      for (const TreeNode& node : TreeNodes(begin, end, step.slices())) {
        values.push_back(*step.DenseSum(node));
        first_slices.push_back(node.first_slice);
      }
    }
    std::vector<DenseGradient> gradients;
    for (std::size_t i = 0; i < values.size(); ++i)
      gradients.push_back({first_slices[i], values[i]});
    DenseTable table(config, spec, 0, 1);
    table.Update(0, 1, gradients);
    for (std::size_t i = 0; i < kFloats; ++i)
      ASSERT_EQ(table.values()[i], reference.values()[i]) << workers << " " << i;
  }
}

TEST(DenseTable, InfiniteGradientNamesParameterAndStep) {
  Config config;
  const ModelSpec spec = Spec(4096);
  DenseTable table(config, spec, 1, 2);
  std::vector<float> gradient(2048);
  gradient[1500] = std::numeric_limits<float>::infinity();
  testing::ExpectError(ExitCode::kNumeric, {"step 12", "parameter 3548 is inf"}, [&] {
    table.Update(12, 1, std::vector<DenseGradient>{{0, gradient}});
  });
}

// No gradient does it, but l2 that grows the values with each step may.
TEST(DenseTable, WhatIsNotFiniteIsNotSaved) {
  const testing::ScratchDir dir;
  const Config config;
  const ModelSpec spec = Spec(16);
  DenseTable table(config, spec, 0, 1);
  std::vector<float> values(16, 1);
  values[5] = std::numeric_limits<float>::infinity();
  DenseState state = table.Initial();
  state.values = values;
  table.Restore(state);
  testing::ExpectError(ExitCode::kNumeric, {"dense parameter of 0 to 15", "infinite"},
                       [&] { table.Save(FolderOutput(dir.path())); });
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

TEST(DenseTable, RestoreTakesItsRange) {
  Config config;
  DenseState state;
  for (int i = 0; i < 64; ++i) {
    state.values.push_back(static_cast<float>(i));
    state.state.push_back(static_cast<float>(100 + i));
  }
  const ModelSpec spec = Spec(64);
  DenseTable table(config, spec, 1, 2);
  table.Restore(state);
  ASSERT_EQ(table.values().size(), 32U);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(table.values()[i], state.values[32 + i]);
  const testing::ScratchDir dir;
  CreateDense(dir.path(), 64, 1);
  table.Save(FolderOutput(dir.path()));
  const Manifest manifest{
      .tables = {}, .dense_floats = 64, .files = {FinishDense(dir.path(), 64, 1)}};
  const DenseState saved = ReadDense(dir.path(), manifest);
  for (std::size_t i = 0; i < 64; ++i) {
    EXPECT_EQ(saved.values[i], i < 32 ? 0 : state.values[i]);
    EXPECT_EQ(saved.state[i], i < 32 ? 0 : state.state[i]);
  }
}

TEST(DenseTable, RestoredValuesComeWithNewAccumulators) {
  Config config;
  testing::Give(&config.dense, {{"learning_rate", 0.5}, {"initial_accumulator", 7}});
  const ModelSpec spec = Spec(64);
  DenseTable table(config, spec, 1, 2);
  std::vector<float> gradient(32, 12);
  table.Update(0, 4, std::vector<DenseGradient>{{0, gradient}});
  std::vector<float> values(64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  DenseState state = table.Initial();
  state.values = values;
  table.Restore(state);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(table.values()[i], values[32 + i]);
}

}  // namespace
}  // namespace fathom
