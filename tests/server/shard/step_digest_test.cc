// A step's digest: of no order, and of each bit that it is made of.
#include "server/shard/step_digest.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace fathom {
namespace {

TEST(StepDigestTest, ServersAddUpWhateverTheirSharesAndOrder) {
  std::vector<float> dense(64), row = {1, 2, 3};
  for (std::size_t i = 0; i < dense.size(); ++i) dense[i] = static_cast<float>(i);
  StepDigest whole, first, second;
  whole.AddRow(0, 5, row);
  whole.AddRow(1, 9, row);
  whole.AddDense(0, dense);
  second.AddDense(16, std::span(dense).subspan(16));
  second.AddRow(1, 9, row);
  first.AddRow(0, 5, row);
  first.AddDense(0, std::span(dense).first(16));
  EXPECT_EQ(first.Take() + second.Take(), whole.Take());
  EXPECT_EQ(whole.Take(), 0U);
}

TEST(StepDigestTest, AnotherBitTableKeyOrPlaceIsAnotherDigest) {
  std::set<std::uint64_t> seen;
  StepDigest digest;
  const auto add = [&](std::size_t table, Key key, std::vector<float> state) {
    digest.AddRow(table, key, state);
    EXPECT_TRUE(seen.insert(digest.Take()).second);
  };
  add(0, 5, {1, 2, 3});
  add(1, 5, {1, 2, 3});
  add(0, 6, {1, 2, 3});
  add(0, 5, {1, 2, -3});
  add(0, 5, {2, 1, 3});
  add(0, 5, {1, 2});
  add(0, 5, {0, 2, 3});
  add(0, 5, {-0.0F, 2, 3});
  const std::vector<float> values(16, 1);
  for (const std::size_t place : {0U, 16U, 32U}) {
    digest.AddDense(place, values);
    EXPECT_TRUE(seen.insert(digest.Take()).second);
  }
  // Two rows that change their states are another step.
  const std::vector<float> a = {1}, b = {2};
  digest.AddRow(0, 5, a);
  digest.AddRow(0, 6, b);
  EXPECT_TRUE(seen.insert(digest.Take()).second);
  digest.AddRow(0, 5, b);
  digest.AddRow(0, 6, a);
  EXPECT_TRUE(seen.insert(digest.Take()).second);
}

}  // namespace
}  // namespace fathom
