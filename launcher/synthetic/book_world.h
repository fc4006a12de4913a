// The hidden world behind the books log: who the readers and books are, who reads what, and what
// they think of it. Everything is a pure function of (rows, seed).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace fathom {

inline constexpr std::array<const char*, 8> kGenres = {
    "biography", "classics", "crime", "fantasy", "history", "poetry", "romance", "science"};

struct Rating {
  std::uint32_t reader = 0;
  std::uint32_t book = 0;
  double logit = 0;
  bool positive = false;
  bool test = false;
  int stars = 0;
};

class BookWorld {
 public:
  BookWorld(std::uint64_t rows, std::uint64_t seed);

  std::uint64_t readers() const { return readers_; }
  std::uint64_t books() const { return books_; }

  // One to three genres, as a set of bits.
  std::uint32_t Genres(std::uint64_t book) const;

  // Empty for one book in twenty.
  std::string Year(std::uint64_t book) const;

  // Who rated what: each reader a number of different books, famous ones more often.
  std::vector<Rating> PickRatings() const;

  // The logit's parts, before they are scaled to their shares of its variance.
  double ReaderBias(const Rating& rating) const;
  double BookBias(const Rating& rating) const;
  double GenreTaste(const Rating& rating) const;
  double Factors(const Rating& rating) const;

  // Draws stars and label. The rating's latent value is the logit plus logistic noise; 0 lies
  // between 3 and 4 stars.
  void Rate(Rating* rating) const;

 private:
  std::vector<std::uint64_t> RatingsByReader() const;

  std::uint64_t rows_;
  std::uint64_t seed_;
  std::uint64_t readers_;
  std::uint64_t books_;
};

}  // namespace fathom
