#include "common/metrics/metrics.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <vector>

#include "common/random.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

struct Scored {
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
  std::vector<Key> groups;

  Metrics Compute() const { return ComputeMetrics(logits, labels, groups); }
};

// Few distinct scores, so that there are ties within and between the labels.
Scored Random(std::size_t examples, std::uint64_t distinct, std::uint64_t groups,
              std::uint64_t seed) {
  Scored scored;
  for (std::size_t i = 0; i < examples; ++i) {
    const auto score =
        static_cast<float>(Mix64(seed, 3 * i) % distinct) - static_cast<float>(distinct) / 2;
    scored.logits.push_back(score / 4);
    scored.labels.push_back(UnitDouble(Mix64(seed, 3 * i + 1)) < Sigmoid(score / 4) ? 1 : 0);
    if (groups > 0) scored.groups.push_back(Mix64(Mix64(seed, 3 * i + 2) % groups));
  }
  return scored;
}

double Wins(float positive, float negative) {
  return positive > negative ? 1.0 : (positive == negative ? 0.5 : 0.0);
}

// The definition: each positive against each negative. NaN without both.
double PairwiseAuc(const std::vector<float>& positives, const std::vector<float>& negatives) {
  double wins = 0;
  for (const float p : positives) {
    for (const float n : negatives) wins += Wins(p, n);
  }
  return wins / (static_cast<double>(positives.size()) * static_cast<double>(negatives.size()));
}

struct Sides {
  std::vector<float> positives, negatives;
};

Sides Split(const Scored& scored) {
  Sides sides;
  for (std::size_t i = 0; i < scored.logits.size(); ++i) {
    (scored.labels[i] != 0 ? sides.positives : sides.negatives).push_back(scored.logits[i]);
  }
  return sides;
}

// DeLong et al. 1988 as written: structural components, then their sample variances.
double PairwiseDeLongStddev(const Sides& sides) {
  const double auc = PairwiseAuc(sides.positives, sides.negatives);
  const auto variance = [&](const std::vector<float>& of, const std::vector<float>& others,
                            bool positive) {
    double squares = 0;
    for (const float x : of) {
      double component = 0;
      for (const float y : others) component += positive ? Wins(x, y) : Wins(y, x);
      component /= static_cast<double>(others.size());
      squares += (component - auc) * (component - auc);
    }
    return squares / static_cast<double>(of.size() - 1) / static_cast<double>(of.size());
  };
  return std::sqrt(variance(sides.positives, sides.negatives, true) +
                   variance(sides.negatives, sides.positives, false));
}

TEST(Metrics, AucAndItsIntervalAgainstAllPairs) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Scored scored = Random(300, seed % 2 == 0 ? 7 : 1000, 0, seed);
    const Sides sides = Split(scored);
    const double auc = PairwiseAuc(sides.positives, sides.negatives);
    const double margin = 1.959963984540054 * PairwiseDeLongStddev(sides);
    const Metrics metrics = scored.Compute();
    EXPECT_DOUBLE_EQ(metrics.auc, auc) << seed;
    EXPECT_NEAR(metrics.auc_low, std::max(0.0, auc - margin), 1e-12) << seed;
    EXPECT_NEAR(metrics.auc_high, std::min(1.0, auc + margin), 1e-12) << seed;
    EXPECT_EQ(metrics.positives, sides.positives.size());
    EXPECT_EQ(metrics.examples, 300U);
  }
}

TEST(Metrics, IntervalByHand) {
  // Components: 1 and 1/2 of the positives, 1/2 and 1 of the negatives; variance 1/8 of either.
  const Metrics metrics = Scored{{0.8F, 0.4F, 0.6F, 0.2F}, {1, 1, 0, 0}, {}}.Compute();
  EXPECT_EQ(metrics.auc, 0.75);
  EXPECT_NEAR(metrics.auc_low, 0.75 - 1.959963984540054 * std::sqrt(0.125), 1e-15);
  EXPECT_EQ(metrics.auc_high, 1);
}

TEST(Metrics, GaucAgainstAllPairs) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const Scored scored = Random(400, 9, 80, seed);
    std::map<Key, Scored> by_group;
    for (std::size_t i = 0; i < scored.logits.size(); ++i) {
      by_group[scored.groups[i]].logits.push_back(scored.logits[i]);
      by_group[scored.groups[i]].labels.push_back(scored.labels[i]);
    }
    double weighted = 0;
    std::uint64_t groups = 0, examples = 0;
    for (const auto& [key, group] : by_group) {
      const Sides sides = Split(group);
      if (sides.positives.empty() || sides.negatives.empty()) continue;
      weighted +=
          PairwiseAuc(sides.positives, sides.negatives) * static_cast<double>(group.logits.size());
      examples += group.logits.size();
      ++groups;
    }
    ASSERT_LT(groups, by_group.size());  // some group has one label only
    const Metrics metrics = scored.Compute();
    EXPECT_NEAR(metrics.gauc, weighted / static_cast<double>(examples), 1e-13);
    EXPECT_EQ(metrics.gauc_groups, groups);
    EXPECT_EQ(metrics.gauc_examples, examples);
  }
}

TEST(Metrics, GaucByHand) {
  // Group 1: AUC 1 of two examples. Group 2: a tie, 1/2 of two. Group 3 has one label only.
  const Metrics metrics = Scored{{1, 0, 5, 5, 9}, {1, 0, 1, 0, 1}, {1, 1, 2, 2, 3}}.Compute();
  EXPECT_EQ(metrics.gauc, 0.75);
  EXPECT_EQ(metrics.gauc_groups, 2U);
  EXPECT_EQ(metrics.gauc_examples, 4U);
}

TEST(Metrics, PairCountsDoNotDependOnTheOrder) {
  const Scored scored = Random(2000, 50, 30, 5);
  std::vector<std::size_t> order(2000);
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [](std::size_t a, std::size_t b) { return Mix64(a) < Mix64(b); });
  Scored shuffled;
  for (const std::size_t i : order) {
    shuffled.logits.push_back(scored.logits[i]);
    shuffled.labels.push_back(scored.labels[i]);
    shuffled.groups.push_back(scored.groups[i]);
  }
  const Metrics a = scored.Compute();
  const Metrics b = shuffled.Compute();
  EXPECT_EQ(a.auc, b.auc);
  EXPECT_EQ(a.auc_low, b.auc_low);
  EXPECT_EQ(a.auc_high, b.auc_high);
  EXPECT_EQ(a.gauc, b.gauc);
}

TEST(Metrics, ReversedScoresMirrorTheAuc) {
  Scored scored = Random(500, 11, 0, 3);
  const double auc = scored.Compute().auc;
  ASSERT_GT(auc, 0.5);
  for (float& logit : scored.logits) logit = -logit;
  EXPECT_NEAR(scored.Compute().auc, 1 - auc, 1e-15);  // below one half, and not flipped
}

TEST(Metrics, ExactWherePairsExceed32Bits) {
  constexpr std::size_t kExamples = 300000;  // a third of 300000^2 pairs, their squares beyond 2^64
  Scored scored{std::vector<float>(kExamples, 0.25F), std::vector<std::uint8_t>(kExamples, 0), {}};
  for (std::size_t i = 0; i < kExamples; i += 3) scored.labels[i] = 1;
  const Metrics ties = scored.Compute();
  EXPECT_EQ(ties.auc, 0.5);
  EXPECT_EQ(ties.auc_low, 0.5);
  EXPECT_EQ(ties.auc_high, 0.5);
  for (std::size_t i = 0; i < kExamples; ++i)
    scored.logits[i] = static_cast<float>(scored.labels[i]) - 0.5F;
  const Metrics apart = scored.Compute();
  EXPECT_EQ(apart.auc, 1);
  EXPECT_EQ(apart.auc_low, 1);
  // One pair in the wrong order, of 100000 * 200000.
  scored.logits[0] = -0.75F;
  EXPECT_EQ(scored.Compute().auc, 1 - 200000.0 / (100000.0 * 200000.0));
}

// Told from numbers: an evaluation of so many examples takes 60 GB.
TEST(Metrics, NumbersOfExamplesTake4BytesAsLongAsTheyFit) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 32;
  EXPECT_EQ(MetricsBytes(1), 4U);
  EXPECT_EQ(MetricsBytes(kMost), 4U);
  EXPECT_EQ(MetricsBytes(kMost + 1), 8U);
}

TEST(Metrics, ZeroAndMinusZeroTie) {
  EXPECT_EQ((Scored{{0.0F, -0.0F}, {1, 0}, {}}.Compute().auc), 0.5);
}

TEST(Metrics, OneLabelOnlyHasNoAuc) {
  for (const std::uint8_t label : {0, 1}) {
    const Metrics metrics = Scored{{1, 2, 3}, {label, label, label}, {1, 1, 2}}.Compute();
    EXPECT_TRUE(std::isnan(metrics.auc));
    EXPECT_TRUE(std::isnan(metrics.auc_low));
    EXPECT_TRUE(std::isnan(metrics.auc_high));
    EXPECT_TRUE(std::isnan(metrics.gauc));
    EXPECT_EQ(metrics.gauc_groups, 0U);
    EXPECT_TRUE(std::isfinite(metrics.logloss));
    EXPECT_EQ(std::isnan(metrics.calibration), label == 0);
  }
}

TEST(Metrics, ALonePositiveHasTheWidestInterval) {
  const Metrics metrics = Scored{{3, 1, 2}, {1, 0, 0}, {}}.Compute();
  EXPECT_EQ(metrics.auc, 1);
  EXPECT_EQ(metrics.auc_low, 0);
  EXPECT_EQ(metrics.auc_high, 1);
}

TEST(Metrics, NotGroupedHasNoGauc) { EXPECT_TRUE(std::isnan(Random(100, 9, 0, 1).Compute().gauc)); }

TEST(Metrics, NoExamples) {
  const Metrics metrics = Scored{}.Compute();
  EXPECT_EQ(metrics.examples, 0U);
  EXPECT_TRUE(std::isnan(metrics.auc));
  EXPECT_TRUE(std::isnan(metrics.logloss));
  EXPECT_TRUE(std::isnan(metrics.accuracy));
  EXPECT_TRUE(std::isnan(metrics.calibration));
}

TEST(Metrics, LossAccuracyAndCalibrationByHand) {
  const auto logit = [](double p) { return static_cast<float>(std::log(p / (1 - p))); };
  const Metrics metrics =
      Scored{{logit(0.8), logit(0.4), logit(0.1), 0}, {1, 1, 0, 1}, {}}.Compute();
  EXPECT_NEAR(metrics.logloss, -(std::log(0.8) + std::log(0.4) + std::log(0.9) + std::log(0.5)) / 4,
              1e-7);
  EXPECT_EQ(metrics.accuracy, 0.75);  // probability 0.5 itself predicts a click
  EXPECT_NEAR(metrics.calibration, (0.8 + 0.4 + 0.1 + 0.5) / 3, 1e-7);
}

TEST(Metrics, LossIsSummedInTheOrderOfTheExamples) {
  const Scored scored = Random(1000, 1000, 0, 9);
  double sum = 0;
  for (std::size_t i = 0; i < 1000; ++i) sum += LogLoss(scored.logits[i], scored.labels[i]);
  EXPECT_EQ(scored.Compute().logloss, sum / 1000);
}

TEST(Metrics, AScoreThatIsNotFinite) {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    testing::ExpectError(ExitCode::kNumeric, {"example 2", "learning rates"}, [&] {
      (Scored{{0, 1, bad, bad}, {0, 1, 0, 1}, {}}.Compute());
    });
  }
}

TEST(LogLoss, NeitherOverflowsNorVanishes) {
  EXPECT_DOUBLE_EQ(LogLoss(0, 1), std::log(2.0));
  EXPECT_EQ(LogLoss(1000, 0), 1000);
  EXPECT_EQ(LogLoss(-1000, 1), 1000);
  EXPECT_EQ(LogLoss(1000, 1), 0);
  EXPECT_NEAR(LogLoss(40, 1), std::exp(-40.0), 1e-30);
  EXPECT_DOUBLE_EQ(LogLoss(2.5F, 1), LogLoss(-2.5F, 0));
}

TEST(Sigmoid, NeitherOverflowsNorVanishes) {
  EXPECT_EQ(Sigmoid(0), 0.5);
  EXPECT_EQ(Sigmoid(1000), 1);
  EXPECT_EQ(Sigmoid(-1000), 0);
  EXPECT_NEAR(Sigmoid(-40), std::exp(-40.0), 1e-30);
  EXPECT_DOUBLE_EQ(Sigmoid(1.5), 1 - Sigmoid(-1.5));
}

// The definitions over all pairs, in double precision.
struct BruteForce {
  const Scored& scored;
  const std::vector<float>& weights;

  // Of the examples in `members`; *pairs: what they weigh together.
  double Auc(const std::vector<std::size_t>& members) const {
    double wins = 0, pairs = 0;
    for (const std::size_t p : members) {
      for (const std::size_t n : members) {
        if (scored.labels[p] == 0 || scored.labels[n] != 0) continue;
        const double weight = static_cast<double>(weights[p]) * weights[n];
        wins += weight * Wins(scored.logits[p], scored.logits[n]);
        pairs += weight;
      }
    }
    return wins / pairs;
  }

  // The variance of the weighted mean of one class's components.
  double Variance(bool positive, double auc) const {
    double squares = 0, all = 0, count = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      if ((scored.labels[i] != 0) != positive || weights[i] == 0) continue;
      double wins = 0, others = 0;
      for (std::size_t j = 0; j < weights.size(); ++j) {
        if ((scored.labels[j] != 0) == positive) continue;
        wins += weights[j] * (positive ? Wins(scored.logits[i], scored.logits[j])
                                       : Wins(scored.logits[j], scored.logits[i]));
        others += weights[j];
      }
      squares += std::pow(weights[i] * (wins / others - auc), 2);
      all += weights[i];
      ++count;
    }
    return squares / (all * all) * count / (count - 1);
  }
};

std::vector<float> RandomWeights(std::size_t count) {
  std::vector<float> weights;
  for (std::size_t i = 0; i < count; ++i)
    weights.push_back(static_cast<float>(Mix64(99, i) % 5) / 3);
  return weights;
}

TEST(Metrics, OfWeightedExamplesEqualTheDefinitionsOverAllPairs) {
  const Scored scored = Random(600, 40, 9, 5);
  const std::vector<float> weights = RandomWeights(600);
  const Metrics metrics = ComputeMetrics(scored.logits, scored.labels, scored.groups, weights);
  const BruteForce brute{scored, weights};
  std::vector<std::size_t> everyone(600);
  std::iota(everyone.begin(), everyone.end(), 0);
  const double auc = brute.Auc(everyone);
  EXPECT_NEAR(metrics.auc, auc, 1e-12);
  const double half =
      1.959963984540054 * std::sqrt(brute.Variance(true, auc) + brute.Variance(false, auc));
  EXPECT_NEAR(metrics.auc_low, auc - half, 1e-12);
  EXPECT_NEAR(metrics.auc_high, auc + half, 1e-12);
  double loss = 0, right = 0, predicted = 0, positives = 0, all = 0;
  std::map<Key, std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < 600; ++i) {
    const double w = weights[i];
    loss += w * LogLoss(scored.logits[i], scored.labels[i]);
    right += (scored.logits[i] >= 0) == (scored.labels[i] != 0) ? w : 0;
    predicted += w * Sigmoid(scored.logits[i]);
    positives += w * scored.labels[i];
    all += w;
    groups[scored.groups[i]].push_back(i);
  }
  EXPECT_NEAR(metrics.logloss, loss / all, 1e-12);
  EXPECT_NEAR(metrics.accuracy, right / all, 1e-12);
  EXPECT_NEAR(metrics.calibration, predicted / positives, 1e-12);
  EXPECT_NEAR(metrics.weight, all, 1e-9);
  double sum = 0, of_groups = 0;
  for (const auto& [group, members] : groups) {
    double weight = 0;
    for (const std::size_t i : members) weight += weights[i];
    sum += weight * brute.Auc(members);
    of_groups += weight;
  }
  EXPECT_NEAR(metrics.gauc, sum / of_groups, 1e-12);
  EXPECT_EQ(metrics.gauc_groups, groups.size());
}

TEST(Metrics, EqualWeightsChangeNothingButTheirSum) {
  const Scored scored = Random(500, 30, 7, 6);
  const Metrics plain = scored.Compute();
  const Metrics weighted =
      ComputeMetrics(scored.logits, scored.labels, scored.groups, std::vector<float>(500, 2.5F));
  EXPECT_NEAR(weighted.auc, plain.auc, 1e-12);
  EXPECT_NEAR(weighted.auc_low, plain.auc_low, 1e-12);
  EXPECT_NEAR(weighted.auc_high, plain.auc_high, 1e-12);
  EXPECT_NEAR(weighted.logloss, plain.logloss, 1e-12);
  EXPECT_NEAR(weighted.accuracy, plain.accuracy, 1e-12);
  EXPECT_NEAR(weighted.calibration, plain.calibration, 1e-12);
  EXPECT_NEAR(weighted.gauc, plain.gauc, 1e-12);
  EXPECT_EQ(weighted.weight, 1250);
  EXPECT_EQ(plain.weight, 500);
}

}  // namespace
}  // namespace fathom
