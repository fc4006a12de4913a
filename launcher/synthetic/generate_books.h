// A click log of readers and books whose truth is known.
//
// logit P(rating >= 4) = constant + reader's bias + book's bias + reader's taste for the book's
// genres (their mean) + reader's factors . book's factors. Readers and books are long-tailed.
#pragma once

#include <cstdint>
#include <filesystem>

namespace fathom {

// The shares of the hidden logit's variance over the log's rows, and what can be reached on the
// test rows: those that data.split_by = ["reader_id", "book_id"], split_seed = 1 and
// test_fraction = 0.2 make.
struct BooksTruth {
  std::uint64_t rows = 0, readers = 0, books = 0;
  double reader_bias_share = 0, book_bias_share = 0, genre_taste_share = 0, factors_share = 0;
  double positive_rate = 0;
  std::uint64_t test_rows = 0;
  double test_auc = 0;                 // of the true probability: the best reachable
  double additive_means_test_auc = 0;  // of smoothed reader and book means of the training rows
};

// Writes ratings.csv (reader_id, book_id, rating), books.csv (book_id, genres, year), truth.csv
// (the true probability of each rating row) and, last, truth.json. A pure function of rows and
// seed. Throws Error: kUsage below 100 rows, kData where the folder cannot be written.
BooksTruth GenerateBooks(std::uint64_t rows, std::uint64_t seed, const std::filesystem::path& out);

}  // namespace fathom
