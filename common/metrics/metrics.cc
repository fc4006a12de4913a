#include "common/metrics/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "common/check.h"
#include "common/elementary.h"
#include "common/error.h"
#include "common/metrics/auc_interval.h"

namespace fathom {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// The labels of all examples, and example numbers by ascending score. Calls `visit(tie)` for each
// run of equal scores. The runs are not kept: there may be as many as examples.
template <typename Number>
struct Ranking {
  std::span<const float> logits;
  std::span<const std::uint8_t> labels;
  std::span<const Number> order;

  template <typename Visit>
  void operator()(const Visit& visit) const;
};

template <typename Number>
template <typename Visit>
void Ranking<Number>::operator()(const Visit& visit) const {
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    Tie tie;
    while (end < order.size() && logits[order[end]] == logits[order[begin]])
      (labels[order[end++]] != 0 ? tie.positives : tie.negatives) += 1;
    visit(tie);
  }
}

template <typename Number>
void AddAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
            std::span<Number> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(), [&](Number a, Number b) { return logits[a] < logits[b]; });
  const auto interval = DeLong(Ranking<Number>{logits, labels, order}, metrics->positives,
                               metrics->examples - metrics->positives);
  metrics->auc = interval.auc;
  metrics->auc_low = interval.low;
  metrics->auc_high = interval.high;
}

// Zhou et al. 2018 (DIN), eq. 8, weighted by examples.
template <typename Number>
void AddGroupAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
                 std::span<const Key> groups, std::span<Number> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(), [&](Number a, Number b) {
    return groups[a] != groups[b] ? groups[a] < groups[b] : logits[a] < logits[b];
  });
  double weighted = 0;
  for (std::size_t begin = 0; begin < order.size();) {
    std::size_t end = begin;
    std::uint64_t positives = 0;
    while (end < order.size() && groups[order[end]] == groups[order[begin]])
      positives += labels[order[end++]];
    const std::uint64_t examples = end - begin;
    if (positives > 0 && positives < examples) {
      const double pairs =
          static_cast<double>(positives) * static_cast<double>(examples - positives);
      const Ranking<Number> ranking{logits, labels, order.subspan(begin, examples)};
      weighted +=
          static_cast<double>(TwicePairs(ranking)) / (2.0 * pairs) * static_cast<double>(examples);
      metrics->gauc_groups += 1;
      metrics->gauc_examples += examples;
    }
    begin = end;
  }
  if (metrics->gauc_examples > 0)
    metrics->gauc = weighted / static_cast<double>(metrics->gauc_examples);
}

// A NaN has no place in an order of scores.
void CheckFinite(std::span<const float> logits) {
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (std::isfinite(logits[i])) continue;
    Fail(ExitCode::kNumeric,
         "the score of evaluation example {} is {}: lower the learning rates (of [wide], "
         "[deep] and [dense]) or standardise the numeric columns",
         i, logits[i]);
  }
}

void AddSums(std::span<const float> logits, std::span<const std::uint8_t> labels,
             Metrics* metrics) {
  double loss = 0, predicted = 0;
  std::uint64_t right = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    loss += LogLoss(logits[i], labels[i]);
    predicted += Sigmoid(logits[i]);
    right += (logits[i] >= 0) == (labels[i] != 0) ? 1 : 0;
    metrics->positives += labels[i];
  }
  const double examples = static_cast<double>(logits.size());
  metrics->logloss = loss / examples;
  metrics->accuracy = static_cast<double>(right) / examples;
  metrics->calibration =
      metrics->positives == 0 ? kNaN : predicted / static_cast<double>(metrics->positives);
}

// As Ranking, of examples that have weights. Ties are in the order of the examples, so that their
// sums are the same bits whatever sorts them.
template <typename Number>
struct WeightedRanking {
  std::span<const float> logits;
  std::span<const std::uint8_t> labels;
  std::span<const float> weights;
  std::span<const Number> order;

  template <typename Visit>
  void operator()(const Visit& visit) const {
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      WeightedTie tie;
      for (; end < order.size() && logits[order[end]] == logits[order[begin]]; ++end) {
        const double weight = weights[order[end]];
        (labels[order[end]] != 0 ? tie.positives : tie.negatives) += weight;
        (labels[order[end]] != 0 ? tie.positive_squares : tie.negative_squares) += weight * weight;
      }
      visit(tie);
    }
  }

  WeightedClasses Classes() const {
    WeightedClasses classes;
    for (const Number i : order) {
      if (weights[i] == 0) continue;
      (labels[i] != 0 ? classes.positives : classes.negatives) += 1;
      (labels[i] != 0 ? classes.positive_weight : classes.negative_weight) += weights[i];
    }
    return classes;
  }
};

template <typename Number>
void AddWeightedAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
                    std::span<const float> weights, std::span<Number> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(), [&](Number a, Number b) {
    return logits[a] != logits[b] ? logits[a] < logits[b] : a < b;
  });
  const WeightedRanking<Number> ranking{logits, labels, weights, order};
  const auto interval = WeightedDeLong(ranking, ranking.Classes());
  metrics->auc = interval.auc;
  metrics->auc_low = interval.low;
  metrics->auc_high = interval.high;
}

// As AddGroupAuc; a group weighs the sum of its examples' weights.
template <typename Number>
void AddWeightedGroupAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
                         std::span<const Key> groups, std::span<const float> weights,
                         std::span<Number> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(), [&](Number a, Number b) {
    if (groups[a] != groups[b]) return groups[a] < groups[b];
    return logits[a] != logits[b] ? logits[a] < logits[b] : a < b;
  });
  double sum = 0, all = 0;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && groups[order[end]] == groups[order[begin]]) ++end;
    const WeightedRanking<Number> ranking{logits, labels, weights,
                                          order.subspan(begin, end - begin)};
    const WeightedClasses classes = ranking.Classes();
    if (classes.positives == 0 || classes.negatives == 0) continue;
    const double weight = classes.positive_weight + classes.negative_weight;
    sum += WeightedPairs(ranking) / (classes.positive_weight * classes.negative_weight) * weight;
    all += weight;
    metrics->gauc_groups += 1;
    metrics->gauc_examples += end - begin;
  }
  if (all > 0) metrics->gauc = sum / all;
}

void AddWeightedSums(std::span<const float> logits, std::span<const std::uint8_t> labels,
                     std::span<const float> weights, Metrics* metrics) {
  double loss = 0, predicted = 0, right = 0, positives = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double weight = weights[i];
    metrics->positives += labels[i];
    metrics->weight += weight;
    loss += weight * LogLoss(logits[i], labels[i]);
    predicted += weight * Sigmoid(logits[i]);
    if ((logits[i] >= 0) == (labels[i] != 0)) right += weight;
    if (labels[i] != 0) positives += weight;
  }
  const auto over = [](double sum, double by) { return by > 0 ? sum / by : kNaN; };
  metrics->logloss = over(loss, metrics->weight);
  metrics->accuracy = over(right, metrics->weight);
  metrics->calibration = over(predicted, positives);
}

// Whatever goes by the order of the scores. `Number`: of an example.
template <typename Number>
void AddRanked(std::span<const float> logits, std::span<const std::uint8_t> labels,
               std::span<const Key> groups, std::span<const float> weights, Metrics* metrics) {
  std::vector<Number> order(logits.size());  // example numbers, sorted by what is asked for
  std::iota(order.begin(), order.end(), Number{0});
  if (!weights.empty()) {
    AddWeightedAuc<Number>(logits, labels, weights, order, metrics);
    if (!groups.empty())
      AddWeightedGroupAuc<Number>(logits, labels, groups, weights, order, metrics);
    return;
  }
  AddAuc<Number>(logits, labels, order, metrics);
  if (!groups.empty()) AddGroupAuc<Number>(logits, labels, groups, order, metrics);
}

}  // namespace

double LogLoss(float logit, std::uint8_t label) {
  const double margin = label != 0 ? static_cast<double>(logit) : -static_cast<double>(logit);
  return margin > 0 ? Log1p(Exp(-margin)) : Log1p(Exp(margin)) - margin;
}

double Sigmoid(double logit) {
  if (logit >= 0) return 1.0 / (1.0 + Exp(-logit));
  const double e = Exp(logit);
  return e / (1.0 + e);
}

Metrics ComputeMetrics(std::span<const float> logits, std::span<const std::uint8_t> labels,
                       std::span<const Key> groups, std::span<const float> weights) {
  FATHOM_CHECK_EQ(logits.size(), labels.size());
  FATHOM_CHECK(weights.empty() || weights.size() == logits.size());
  CheckFinite(logits);
  Metrics metrics;
  metrics.gauc = kNaN;
  metrics.examples = logits.size();
  metrics.weighted = !weights.empty();
  if (logits.empty()) {
    metrics.auc = metrics.auc_low = metrics.auc_high = metrics.logloss = metrics.accuracy =
        metrics.calibration = kNaN;
    return metrics;
  }
  if (metrics.weighted) {
    AddWeightedSums(logits, labels, weights, &metrics);
  } else {
    AddSums(logits, labels, &metrics);
    metrics.weight = static_cast<double>(logits.size());
  }
  FATHOM_CHECK(groups.empty() || groups.size() == logits.size());
  FATHOM_CHECK(logits.size() <= kMaxAucExamples);
  if (MetricsBytes(logits.size()) == sizeof(std::uint32_t)) {
    AddRanked<std::uint32_t>(logits, labels, groups, weights, &metrics);
  } else {
    AddRanked<std::uint64_t>(logits, labels, groups, weights, &metrics);
  }
  return metrics;
}

}  // namespace fathom
