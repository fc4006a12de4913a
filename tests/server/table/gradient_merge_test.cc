#include "server/table/gradient_merge.h"

#include <gtest/gtest.h>

#include <bit>
#include <deque>
#include <map>

#include "tests/server/simulated_step.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

std::vector<std::uint32_t> Bits(std::span<const float> values) {
  std::vector<std::uint32_t> bits;
  for (const float value : values) bits.push_back(std::bit_cast<std::uint32_t>(value));
  return bits;
}

// What all workers pushed of one table, as sources of a merge.
class Pushes {
 public:
  Pushes(const SimulatedStep& step, std::size_t table, int workers) {
    for (int w = 0; w < workers; ++w) {
      const auto& keys = keys_.emplace_back(step.Keys(w, workers, 0, 1));
      std::vector<std::size_t> pulled;
      for (const auto& table_keys : keys) pulled.push_back(table_keys.size());
      const auto& rows = rows_.emplace_back(keys[table].size(), nullptr);
      const auto& payload = payloads_.emplace_back(step.Push(w, workers, 0, 1));
      const auto& message =
          messages_.emplace_back(DecodePush(payload.bytes(), step.tables(), pulled, 0));
      for (const auto& node : message.nodes) {
        sources_.push_back({node.node.first_slice, keys[table], rows, &node.tables[table]});
      }
    }
  }
  const std::vector<GradientSource>& sources() const { return sources_; }

 private:
  std::deque<std::vector<std::vector<Key>>> keys_;
  std::deque<std::vector<float*>> rows_;
  std::deque<Buffer> payloads_;
  std::deque<PushMessage> messages_;
  std::vector<GradientSource> sources_;
};

const std::vector<TableSpec> kTables = {
    {.name = "wide", .wide = true, .dim = 0, .row_wise = true},
    {.name = "deep3", .wide = false, .dim = 3, .row_wise = true},
    {.name = "wide_deep20", .wide = true, .dim = 20, .row_wise = false}};

TEST(GradientMerge, SumsAreTheSameBitsForEverySplitBetweenWorkers) {
  GradientMerge merge;
  for (const std::uint32_t slices : {1U, 2U, 5U, 8U, 13U}) {
    const SimulatedStep step(kTables, 0, slices, slices);
    for (std::size_t t = 0; t < kTables.size(); ++t) {
      for (int workers = 1; workers <= 9; ++workers) {
        const Pushes pushes(step, t, workers);
        std::size_t expected_rows = step.Keys(0, 1, 0, 1)[t].size();
        merge.Begin(kTables[t], pushes.sources());
        Key before = 0;
        for (MergedRow row; merge.Next(&row); --expected_rows) {
          ASSERT_GT(row.key, before);
          before = row.key;
          SimulatedStep::Values sum(row.deep.begin(), row.deep.end());
          if (kTables[t].wide) sum.insert(sum.begin(), row.wide);
          ASSERT_EQ(Bits(sum), Bits(*step.Sum(t, row.key, step.root())))
              << slices << " slices, " << workers << " workers";
        }
        EXPECT_EQ(expected_rows, 0U);
      }
    }
  }
}

// Every sum of two is rounded: 1 + 2^-9 is no bfloat16, and two of the slices' gradients together
// are more than one by one.
TEST(GradientMerge, SumsOfBfloat16AreRoundedAtEveryNode) {
  const std::vector<Key> keys = {7};
  float state = 0;
  const std::vector<float*> rows = {&state};
  const TableSpec spec{.name = "wide_deep2", .wide = true, .dim = 2};
  const float half = 1.0F / 256;  // of what a bfloat16 from 1 to 2 can tell apart
  const auto sum_of = [&](RowFormat format) {
    const std::vector<std::vector<float>> wides = {{1}, {half}, {half}, {half}};
    const std::vector<std::vector<float>> deeps = {{1, 2}, {half, 0}, {half, 0}, {half, 2 * half}};
    std::vector<PushMessage::Table> gradients;
    for (std::size_t s = 0; s < 4; ++s) {
      gradients.push_back(
          {.all = true, .positions = {}, .wide = wides[s], .deep = deeps[s], .count = 1});
    }
    std::vector<GradientSource> sources;
    for (std::uint32_t s = 0; s < 4; ++s) sources.push_back({s, keys, rows, &gradients[s]});
    GradientMerge merge(format);
    merge.Begin(spec, sources);
    MergedRow row;
    EXPECT_TRUE(merge.Next(&row));
    return std::vector<float>{row.wide, row.deep[0], row.deep[1]};
  };
  EXPECT_EQ(sum_of(RowFormat::kFloat32),
            (std::vector<float>{1 + 3 * half, 1 + 3 * half, 2 + 2 * half}));
  // (1 + half) + (half + half): the first sum is a tie, which goes to 1; the second one is exact.
  EXPECT_EQ(sum_of(RowFormat::kBfloat16), (std::vector<float>{1 + 2 * half, 1 + 2 * half, 2}));
}

// The test above the last can only fail if the order of additions shows in the bits.
TEST(GradientMerge, OrderOfAdditionsShowsInTheSimulatedGradients) {
  const SimulatedStep step(kTables, 0, 8, 1);
  bool shows = false;
  const auto keys = step.Keys(0, 1, 0, 1);
  for (const Key key : keys[2]) {
    SimulatedStep::Values sum(21);
    for (std::uint32_t s = 0; s < 8; ++s) {
      const auto slice = step.Sum(2, key, {s, 0});
      for (std::size_t i = 0; slice && i < sum.size(); ++i) sum[i] += (*slice)[i];
    }
    shows = shows || Bits(sum) != Bits(*step.Sum(2, key, step.root()));
  }
  EXPECT_TRUE(shows);
}

TEST(GradientMerge, GivesTheRowOfThePull) {
  const std::vector<Key> keys = {3, 5, 8};
  std::vector<float> states(3);
  const std::vector<float*> rows = {&states[0], &states[1], &states[2]};
  const std::vector<std::uint32_t> positions = {0, 2};
  const std::vector<float> wide = {1, 2};
  const PushMessage::Table gradients{
      .all = false, .positions = positions, .wide = wide, .deep = {}, .count = 2};
  GradientMerge merge;
  merge.Begin(kTables[0], {{0, keys, rows, &gradients}});
  MergedRow row;
  ASSERT_TRUE(merge.Next(&row));
  EXPECT_EQ(row.key, 3U);
  EXPECT_EQ(row.row, &states[0]);
  ASSERT_TRUE(merge.Next(&row));
  EXPECT_EQ(row.key, 8U);
  EXPECT_EQ(row.row, &states[2]);
  EXPECT_EQ(row.wide, 2);
  EXPECT_FALSE(merge.Next(&row));
}

TEST(GradientMerge, NoSourcesGiveNoRows) {
  GradientMerge merge;
  merge.Begin(kTables[0], {});
  MergedRow row;
  EXPECT_FALSE(merge.Next(&row));
  EXPECT_TRUE(merge.Ahead().empty());
}

TEST(GradientMerge, EachRowButThoseAtHandIsAheadOnce) {
  constexpr std::size_t kRows = 100;
  std::vector<Key> keys(kRows);
  std::vector<float> states(kRows), wide(kRows);
  std::vector<float*> rows(kRows);
  for (std::size_t i = 0; i < kRows; ++i) {
    keys[i] = 3 * i;
    rows[i] = &states[i];
  }
  const PushMessage::Table gradients{
      .all = true, .positions = {}, .wide = wide, .deep = {}, .count = kRows};
  GradientMerge merge;
  merge.Begin(kTables[0], {{0, keys, rows, &gradients}});
  std::vector<const float*> ahead;
  MergedRow row;
  for (std::size_t i = 0; merge.Next(&row); ++i) {
    EXPECT_TRUE(i == 0 || ahead.size() >= i) << "row " << i << " came before it was ahead";
    for (const float* const given : merge.Ahead()) ahead.push_back(given);
  }
  EXPECT_EQ(ahead, std::vector<const float*>(rows.begin() + 1, rows.end()));
}

void ExpectUncovered(const std::vector<TreeNode>& nodes, std::uint32_t slices, const char* what) {
  testing::ExpectError(ExitCode::kPeer, {"step 7", what}, [&] { CheckCoverage(7, nodes, slices); });
}

TEST(CheckCoverage, EveryNumberOfWorkersCoversEveryBatch) {
  for (std::uint32_t slices = 1; slices <= 20; ++slices) {
    for (int workers = 1; workers <= 25; ++workers) {
      std::vector<TreeNode> nodes;
      for (int w = workers - 1; w >= 0; --w) {
        const auto [begin, end] = SlicesOfWorker(slices, w, workers);
        for (const TreeNode& node : TreeNodes(begin, end, slices)) nodes.push_back(node);
      }
      EXPECT_NO_THROW(CheckCoverage(7, nodes, slices)) << slices << " " << workers;
    }
  }
}

TEST(CheckCoverage, MissingFirstSlice) { ExpectUncovered({{2, 1}}, 4, "slice 0 of 4"); }

TEST(CheckCoverage, MissingMiddleSlice) { ExpectUncovered({{0, 0}, {2, 1}}, 4, "slice 1 of 4"); }

TEST(CheckCoverage, MissingLastSlice) { ExpectUncovered({{0, 1}}, 3, "slice 2 of 3"); }

TEST(CheckCoverage, NoNodesAtAll) { ExpectUncovered({}, 1, "slice 0 of 1"); }

TEST(CheckCoverage, SliceFromTwoWorkers) {
  ExpectUncovered({{0, 2}, {3, 0}}, 4, "slice 3 came from two");
  ExpectUncovered({{0, 1}, {0, 1}, {2, 1}}, 4, "slice 0 came from two");
}

}  // namespace
}  // namespace fathom
