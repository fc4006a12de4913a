#include "launcher/synthetic/generate_books.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/metrics/metrics.h"
#include "common/schedule/split.h"
#include "launcher/synthetic/book_world.h"
#include "launcher/synthetic/generated_dir.h"
#include "launcher/synthetic/synthetic_truth.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFewestRows = 100;
constexpr double kConstant = 0.5;
constexpr double kLogitDeviation = 1.7;
// Shares of the logit's variance.
constexpr double kReaderBias = 0.20, kBookBias = 0.20, kGenreTaste = 0.25, kFactorShare = 0.35;
constexpr std::int64_t kSplitSeed = 1;
constexpr double kTestFraction = 0.2;
constexpr double kPriorRatings = 10;  // of the additive means

std::string ReaderName(std::uint32_t reader) { return std::to_string(reader + 1); }
std::string BookName(std::uint32_t book) { return std::to_string(book + 1); }

// Gives every rating its logit, each component scaled to its share of the variance; returns the
// shares as they came out.
void SetLogits(const BookWorld& world, std::vector<Rating>* ratings, BooksTruth* truth) {
  struct Component {
    double (BookWorld::*value)(const Rating&) const;
    double share;
    double* measured;
  };
  const Component components[] = {{&BookWorld::ReaderBias, kReaderBias, &truth->reader_bias_share},
                                  {&BookWorld::BookBias, kBookBias, &truth->book_bias_share},
                                  {&BookWorld::GenreTaste, kGenreTaste, &truth->genre_taste_share},
                                  {&BookWorld::Factors, kFactorShare, &truth->factors_share}};
  for (Rating& rating : *ratings) rating.logit = kConstant;
  std::vector<double> values(ratings->size());
  double total = 0;
  for (const Component& component : components) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = (world.*component.value)((*ratings)[i]);
    const MeanAndDeviation raw = Describe(values);
    const double scale = kLogitDeviation * std::sqrt(component.share) / raw.deviation;
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = scale * (values[i] - raw.mean);
      (*ratings)[i].logit += values[i];
    }
    const double deviation = Describe(values).deviation;
    *component.measured = deviation * deviation;
    total += *component.measured;
  }
  for (const Component& component : components) *component.measured /= total;
}

double TestAuc(const std::vector<Rating>& ratings, const std::vector<float>& scores) {
  std::vector<float> test_scores;
  std::vector<std::uint8_t> labels;
  for (std::size_t i = 0; i < ratings.size(); ++i) {
    if (!ratings[i].test) continue;
    test_scores.push_back(scores[i]);
    labels.push_back(ratings[i].positive ? 1 : 0);
  }
  return ComputeMetrics(test_scores, labels, {}).auc;
}

// What a model without embeddings or crosses could say: the reader's mean plus the book's mean,
// each drawn towards the mean of all as if by kPriorRatings more ratings.
std::vector<float> AdditiveMeans(const std::vector<Rating>& ratings, const BookWorld& world) {
  struct Mean {
    double positives = 0, count = 0;
  };
  Mean all;
  std::vector<Mean> readers(world.readers()), books(world.books());
  for (const Rating& rating : ratings) {
    if (rating.test) continue;
    for (Mean* mean : {&all, &readers[rating.reader], &books[rating.book]}) {
      mean->positives += rating.positive ? 1 : 0;
      mean->count += 1;
    }
  }
  const double prior = all.positives / all.count;
  const auto shrunk = [&](const Mean& mean) {
    return (mean.positives + kPriorRatings * prior) / (mean.count + kPriorRatings);
  };
  std::vector<float> scores;
  for (const Rating& rating : ratings)
    scores.push_back(
        static_cast<float>(shrunk(readers[rating.reader]) + shrunk(books[rating.book])));
  return scores;
}

void WriteRatings(const std::vector<Rating>& ratings, const fs::path& out) {
  ReplacedFile ratings_file(out / "ratings.csv", ExitCode::kData);
  ReplacedFile truth_file(out / "truth.csv", ExitCode::kData);
  ratings_file.out() << "reader_id,book_id,rating\n";
  truth_file.out() << "reader_id,book_id,probability\n";
  for (const Rating& rating : ratings) {
    const std::string pair = ReaderName(rating.reader) + "," + BookName(rating.book) + ",";
    ratings_file.out() << pair << rating.stars << '\n';
    truth_file.out() << pair << fmt::format("{:.6f}\n", Sigmoid(rating.logit));
  }
  ratings_file.Finish();
  truth_file.Finish();
}

void WriteBooks(const BookWorld& world, const fs::path& out) {
  ReplacedFile file(out / "books.csv", ExitCode::kData);
  file.out() << "book_id,genres,year\n";
  for (std::uint32_t b = 0; b < world.books(); ++b) {
    std::string names;
    for (std::size_t g = 0; g < kGenres.size(); ++g) {
      if ((world.Genres(b) >> g & 1) != 0)
        names += (names.empty() ? "" : "|") + std::string(kGenres[g]);
    }
    file.out() << BookName(b) << ',' << names << ',' << world.Year(b) << '\n';
  }
  file.Finish();
}

void WriteTruth(const BooksTruth& truth, std::uint64_t seed, const fs::path& out) {
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  root["kind"] = "books";
  root["seed"] = seed;
  root["rows"] = truth.rows;
  root["readers"] = truth.readers;
  root["books"] = truth.books;
  root["genres"] = kGenres.size();
  root["positive_rate"] = truth.positive_rate;
  root["reader_bias_share"] = truth.reader_bias_share;
  root["book_bias_share"] = truth.book_bias_share;
  root["genre_taste_share"] = truth.genre_taste_share;
  root["factors_share"] = truth.factors_share;
  root["test_rows"] = truth.test_rows;
  root["test_auc"] = truth.test_auc;
  root["additive_means_test_auc"] = truth.additive_means_test_auc;
  ReplacedFile file(out / "truth.json", ExitCode::kData);
  file.out() << root.dump(1) << '\n';
  file.Finish();
}

}  // namespace

BooksTruth GenerateBooks(std::uint64_t rows, std::uint64_t seed, const fs::path& out) {
  if (rows < kFewestRows) {
    Fail(ExitCode::kUsage, "{} rows are too few to tell readers from books: ask for {} or more",
         rows, kFewestRows);
  }
  StartGeneratedDir(out);
  const BookWorld world(rows, seed);
  std::vector<Rating> ratings = world.PickRatings();
  BooksTruth truth{.rows = ratings.size(), .readers = world.readers(), .books = world.books()};
  SetLogits(world, &ratings, &truth);
  std::uint64_t positives = 0;
  std::vector<float> logits;
  for (Rating& rating : ratings) {
    world.Rate(&rating);
    const std::string reader = ReaderName(rating.reader), book = BookName(rating.book);
    const std::array<std::string_view, 2> fields = {reader, book};
    rating.test = SplitPoint(kSplitSeed, fields) < kTestFraction;
    positives += rating.positive ? 1 : 0;
    truth.test_rows += rating.test ? 1 : 0;
    logits.push_back(static_cast<float>(rating.logit));
  }
  truth.positive_rate = static_cast<double>(positives) / static_cast<double>(ratings.size());
  truth.test_auc = TestAuc(ratings, logits);
  truth.additive_means_test_auc = TestAuc(ratings, AdditiveMeans(ratings, world));
  WriteBooks(world, out);
  WriteRatings(ratings, out);
  WriteTruth(truth, seed, out);
  return truth;
}

}  // namespace fathom
