#include "common/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "common/check.h"
#include "common/elementary.h"
#include "common/error.h"

namespace fathom {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kNormalQuantile975 = 1.959963984540054;

using Int128 = __int128;

// The labels of all examples, and example numbers by ascending score.
struct Ranking {
  std::span<const float> logits;
  std::span<const std::uint8_t> labels;
  std::span<const std::uint32_t> order;
};

// A run of equal scores: how many negatives and positives it holds.
struct Tie {
  std::uint64_t negatives = 0;
  std::uint64_t positives = 0;
};

// Calls `visit(tie)` for each run of equal scores, in ascending order. The runs are not kept:
// there may be as many as examples.
template <typename Visit>
void ForEachTie(const Ranking& ranking, const Visit& visit) {
  const auto& [logits, labels, order] = ranking;
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    Tie tie;
    while (end < order.size() && logits[order[end]] == logits[order[begin]])
      (labels[order[end++]] != 0 ? tie.positives : tie.negatives) += 1;
    visit(tie);
  }
}

// Twice the number of (positive, negative) pairs in the right order; a tie counts one.
Int128 TwicePairs(const Ranking& ranking) {
  Int128 pairs = 0;
  std::uint64_t negatives_below = 0;
  ForEachTie(ranking, [&](const Tie& tie) {
    pairs += static_cast<Int128>(tie.positives) *
             (2 * static_cast<Int128>(negatives_below) + tie.negatives);
    negatives_below += tie.negatives;
  });
  return pairs;
}

struct AucInterval {
  double auc = kNaN, low = kNaN, high = kNaN;
};

// DeLong, DeLong and Clarke-Pearson 1988, eq. 4 to 6, for one curve. A positive's component is the
// share of negatives that it beats; twice that number is an integer, so the sums are exact.
AucInterval DeLong(const Ranking& ranking, std::uint64_t positives, std::uint64_t negatives) {
  if (positives == 0 || negatives == 0) return {};
  const double pairs = static_cast<double>(positives) * static_cast<double>(negatives);
  const Int128 twice = TwicePairs(ranking);
  AucInterval interval;
  interval.auc = static_cast<double>(twice) / (2.0 * pairs);
  Int128 positive_squares = 0, negative_squares = 0;  // of twice the components' numerators
  std::uint64_t negatives_below = 0, positives_below = 0;
  ForEachTie(ranking, [&](const Tie& tie) {
    const Int128 beaten = 2 * static_cast<Int128>(negatives_below) + tie.negatives;
    const Int128 beaten_by =
        2 * static_cast<Int128>(positives - positives_below - tie.positives) + tie.positives;
    positive_squares += beaten * beaten * tie.positives;
    negative_squares += beaten_by * beaten_by * tie.negatives;
    negatives_below += tie.negatives;
    positives_below += tie.positives;
  });
  // sum (component - auc)^2 / (count - 1) / count. The numerator, count * squares - twice^2, is
  // below 2^127 for fewer than 2^32 examples, so it too is exact. One example alone has no variance
  // to tell: NaN, and the interval below becomes [0, 1].
  const auto variance_of = [&](Int128 squares, std::uint64_t count, std::uint64_t others) {
    if (count < 2) return kNaN;
    const double scale = 4.0 * static_cast<double>(others) * static_cast<double>(others) *
                         static_cast<double>(count);
    const double deviation =
        static_cast<double>(squares * static_cast<Int128>(count) - twice * twice) / scale;
    return deviation / static_cast<double>(count - 1) / static_cast<double>(count);
  };
  const double stddev = std::sqrt(variance_of(positive_squares, positives, negatives) +
                                  variance_of(negative_squares, negatives, positives));
  interval.low = std::max(0.0, interval.auc - kNormalQuantile975 * stddev);
  interval.high = std::min(1.0, interval.auc + kNormalQuantile975 * stddev);
  return interval;
}

void AddAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
            std::span<std::uint32_t> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return logits[a] < logits[b]; });
  const auto interval =
      DeLong({logits, labels, order}, metrics->positives, metrics->examples - metrics->positives);
  metrics->auc = interval.auc;
  metrics->auc_low = interval.low;
  metrics->auc_high = interval.high;
}

// Zhou et al. 2018 (DIN), eq. 8, weighted by examples.
void AddGroupAuc(std::span<const float> logits, std::span<const std::uint8_t> labels,
                 std::span<const Key> groups, std::span<std::uint32_t> order, Metrics* metrics) {
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
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
      const Ranking ranking{logits, labels, order.subspan(begin, examples)};
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
                       std::span<const Key> groups) {
  FATHOM_CHECK_EQ(logits.size(), labels.size());
  CheckFinite(logits);
  Metrics metrics;
  metrics.gauc = kNaN;
  metrics.examples = logits.size();
  if (logits.empty()) {
    metrics.auc = metrics.auc_low = metrics.auc_high = metrics.logloss = metrics.accuracy =
        metrics.calibration = kNaN;
    return metrics;
  }
  AddSums(logits, labels, &metrics);
  FATHOM_CHECK(logits.size() < std::numeric_limits<std::uint32_t>::max());
  std::vector<std::uint32_t> order(logits.size());  // example numbers, sorted by what is asked for
  std::iota(order.begin(), order.end(), 0U);
  AddAuc(logits, labels, order, &metrics);
  if (!groups.empty()) {
    FATHOM_CHECK_EQ(groups.size(), logits.size());
    AddGroupAuc(logits, labels, groups, order, &metrics);
  }
  return metrics;
}

}  // namespace fathom
