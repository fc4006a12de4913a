// A click log in Criteo's layout whose truth is known: 13 counts and 26 long-tailed categories.
//
// logit P(click) = a weight for each category's value + a curve for each count + products of low
// rank between pairs of categories; scaled to a click rate of 25 % and a best reachable AUC of
// 0.80.
#pragma once

#include <cstdint>
#include <filesystem>

namespace fathom {

struct CriteoTruth {
  double train_positive_rate = 0;
  double test_positive_rate = 0;
  double test_auc = 0;  // of the true probability: the best reachable
  double test_logloss = 0;
};

// Writes train.tsv, test.tsv and, last, truth.json. A pure function of its arguments.
// Throws Error(kData) where the folder cannot be written.
CriteoTruth GenerateCriteo(std::uint64_t rows, std::uint64_t test_rows, std::uint64_t seed,
                           const std::filesystem::path& out);

}  // namespace fathom
