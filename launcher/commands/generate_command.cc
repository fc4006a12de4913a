#include <algorithm>
#include <cstdio>

#include "launcher/commands/commands.h"
#include "launcher/synthetic/generate_books.h"
#include "launcher/synthetic/generate_criteo.h"

namespace fathom {
namespace {

// criteo: test rows where none are asked for.
constexpr std::uint64_t kTestShare = 10;

using Count = unsigned long long;

void Books(const GenerateArguments& arguments) {
  const BooksTruth truth = GenerateBooks(arguments.rows, arguments.seed, arguments.out);
  std::printf("%llu ratings of %llu books by %llu readers, %.1f %% positive: %s\n",
              static_cast<Count>(truth.rows), static_cast<Count>(truth.books),
              static_cast<Count>(truth.readers), 100 * truth.positive_rate, arguments.out.c_str());
  std::printf(
      "hidden logit's variance: reader bias %.2f, book bias %.2f, genre taste %.2f, reader-book "
      "factors %.2f\n",
      truth.reader_bias_share, truth.book_bias_share, truth.genre_taste_share, truth.factors_share);
  std::printf("best reachable test AUC %.5f; additive reader and book means %.5f; %llu test rows\n",
              truth.test_auc, truth.additive_means_test_auc, static_cast<Count>(truth.test_rows));
}

void Criteo(const GenerateArguments& arguments) {
  const std::uint64_t test_rows = arguments.test_rows > 0
                                      ? arguments.test_rows
                                      : std::max<std::uint64_t>(1, arguments.rows / kTestShare);
  const CriteoTruth truth =
      GenerateCriteo(arguments.rows, test_rows, arguments.seed, arguments.out);
  std::printf("%llu rows to train on (%.1f %% clicks), %llu to test on: %s\n",
              static_cast<Count>(arguments.rows), 100 * truth.train_positive_rate,
              static_cast<Count>(test_rows), arguments.out.c_str());
  std::printf("best reachable test AUC %.5f, log loss %.5f\n", truth.test_auc, truth.test_logloss);
}

}  // namespace

void GenerateCommand(const GenerateArguments& arguments) {
  switch (arguments.log) {
    case SyntheticLog::kBooks:
      return Books(arguments);
    case SyntheticLog::kCriteo:
      return Criteo(arguments);
  }
}

}  // namespace fathom
