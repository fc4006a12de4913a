#include "launcher/synthetic/book_world.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/elementary.h"
#include "launcher/synthetic/synthetic_truth.h"

namespace fathom {
namespace {

constexpr std::uint64_t kFactors = 2;
constexpr std::uint64_t kRatingsAReader = 500;
constexpr std::uint64_t kRatingsABook = 800;
constexpr double kMaxShareRead = 0.8;  // of all books, by one reader
constexpr int kFirstYear = 1900, kYears = 124;

// Different things draw from different streams.
enum BookThing : std::uint64_t {
  kReaderActivity = 1,
  kBookFame,
  kPick,
  kReaderBiasOf,
  kBookBiasOf,
  kTaste,
  kReaderFactor,
  kBookFactor,
  kGenreOf,
  kYear,
  kNoise
};

}  // namespace

BookWorld::BookWorld(std::uint64_t rows, std::uint64_t seed)
    : rows_(rows),
      seed_(seed),
      readers_(std::max<std::uint64_t>(20, rows / kRatingsAReader)),
      books_(std::max<std::uint64_t>(40, rows / kRatingsABook)) {
  // Few rows: enough books that every reader finds some that are unread.
  while (static_cast<double>(readers_) * static_cast<double>(books_) * kMaxShareRead <
         2.0 * static_cast<double>(rows))
    ++books_;
}

std::uint32_t BookWorld::Genres(std::uint64_t book) const {
  std::uint32_t genres = 0;
  const int count = 1 + static_cast<int>(Stream(seed_, kGenreOf, book * 4) % 3);
  for (int g = 0; g < count; ++g)
    genres |= 1U << (Stream(seed_, kGenreOf, book * 4 + 1 + static_cast<std::uint64_t>(g)) %
                     kGenres.size());
  return genres;
}

std::string BookWorld::Year(std::uint64_t book) const {
  const std::uint64_t bits = Stream(seed_, kYear, book);
  return bits % 20 == 0 ? "" : std::to_string(kFirstYear + static_cast<int>(bits / 20 % kYears));
}

std::vector<Rating> BookWorld::PickRatings() const {
  std::vector<double> fame(books_);
  for (std::uint64_t b = 0; b < books_; ++b) {
    const double rank = static_cast<double>(Stream(seed_, kBookFame, b) % books_);
    fame[b] = 1.0 / std::sqrt(rank + 0.02 * static_cast<double>(books_) + 1.0);
  }
  std::vector<Rating> ratings;
  std::vector<std::pair<double, std::uint32_t>> turn(books_);
  const std::vector<std::uint64_t> counts = RatingsByReader();
  for (std::uint32_t r = 0; r < readers_; ++r) {
    // Weighted draw without replacement: the smallest -log(u) / weight (Efraimidis and Spirakis
    // 2006).
    for (std::uint32_t b = 0; b < books_; ++b) {
      turn[b] = {-Log(1.0 - UnitDouble(Stream(seed_, kPick, r * books_ + b))) / fame[b], b};
    }
    const auto end = turn.begin() + static_cast<std::ptrdiff_t>(counts[r]);
    std::nth_element(turn.begin(), end - 1, turn.end());
    std::sort(turn.begin(), end);
    for (auto pick = turn.begin(); pick != end; ++pick)
      ratings.push_back({.reader = r, .book = pick->second});
  }
  return ratings;
}

double BookWorld::ReaderBias(const Rating& r) const {
  return BellShaped(Stream(seed_, kReaderBiasOf, r.reader));
}
double BookWorld::BookBias(const Rating& r) const {
  return BellShaped(Stream(seed_, kBookBiasOf, r.book));
}
double BookWorld::GenreTaste(const Rating& r) const {
  const std::uint32_t genres = Genres(r.book);
  double sum = 0;
  int count = 0;
  for (std::uint64_t g = 0; g < kGenres.size(); ++g) {
    if ((genres >> g & 1) == 0) continue;
    sum += BellShaped(Stream(seed_, kTaste, r.reader * kGenres.size() + g));
    ++count;
  }
  return sum / count;
}
double BookWorld::Factors(const Rating& r) const {
  double sum = 0;
  for (std::uint64_t f = 0; f < kFactors; ++f) {
    sum += BellShaped(Stream(seed_, kReaderFactor, r.reader * kFactors + f)) *
           BellShaped(Stream(seed_, kBookFactor, r.book * kFactors + f));
  }
  return sum;
}

void BookWorld::Rate(Rating* rating) const {
  const double u = UnitDouble(Stream(seed_, kNoise, rating->reader * books_ + rating->book));
  const double latent = rating->logit + Log((u + 1e-12) / (1.0 - u + 1e-12));
  rating->positive = latent >= 0;
  rating->stars = latent >= 1.5 ? 5 : latent >= 0 ? 4 : latent >= -1.0 ? 3 : latent >= -2.2 ? 2 : 1;
}

// Activity is long-tailed; the counts add up to the rows.
std::vector<std::uint64_t> BookWorld::RatingsByReader() const {
  std::vector<double> activity(readers_);
  double sum = 0;
  for (std::uint64_t r = 0; r < readers_; ++r)
    sum += activity[r] = Exp(0.5 * BellShaped(Stream(seed_, kReaderActivity, r)));
  const auto most = static_cast<std::uint64_t>(kMaxShareRead * static_cast<double>(books_));
  std::vector<std::uint64_t> counts(readers_);
  std::uint64_t given = 0;
  for (std::uint64_t r = 0; r < readers_; ++r) {
    counts[r] = std::clamp<std::uint64_t>(
        static_cast<std::uint64_t>(activity[r] / sum * static_cast<double>(rows_)), 1, most);
    given += counts[r];
  }
  for (std::uint64_t r = 0; given < rows_; r = (r + 1) % readers_) {
    if (counts[r] < most) ++counts[r], ++given;
  }
  for (std::uint64_t r = 0; given > rows_; r = (r + 1) % readers_) {
    if (counts[r] > 1) --counts[r], --given;
  }
  return counts;
}

}  // namespace fathom
