#include "launcher/plan/cost_model.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace fathom {
namespace {

TEST(CostModel, PricesAreFoundAgain) {
  std::mt19937_64 random(1);
  const std::vector<double> prices = {2e-9, 0, 5e-8};
  std::vector<PriceSample> samples;
  for (int s = 0; s < 12; ++s) {
    PriceSample sample;
    for (const double price : prices) {
      sample.counts.push_back(static_cast<double>(1 + random() % 100000));
      sample.seconds += price * sample.counts.back();
    }
    samples.push_back(sample);
  }
  const auto found = FitPrices(samples);
  EXPECT_NEAR(found[0], prices[0], 1e-11);
  EXPECT_NEAR(found[1], 0, 1e-11);
  EXPECT_NEAR(found[2], prices[2], 1e-11);
}

// A price that would best be below nothing is nothing.
TEST(CostModel, NoPriceIsNegative) {
  const auto found = FitPrices({{.counts = {1, 2}, .seconds = 1e-6},
                                {.counts = {2, 3}, .seconds = 3e-6},
                                {.counts = {3, 5}, .seconds = 4e-6}});
  EXPECT_GT(found[0], 0);
  EXPECT_EQ(found[1], 0);
}

}  // namespace
}  // namespace fathom
