// What is said beside a recommendation: why, what is alike, and what is left out because it is had.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/cluster/recommender_fixture.h"
#include "tests/support/expect_error.h"
#include "worker/predict/recommender.h"
#include "worker/recommend/item_neighbours.h"
#include "worker/recommend/seen_items.h"
#include "worker/recommend/wide_terms.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::Texts;

class RecommendReasonsTest : public testing::RecommenderTest {};

// But for the terms of the reader alone, which no item has before another.
TEST_F(RecommendReasonsTest, WideTermsAddUpToTheLogitOfAWideModel) {
  const auto scorer = Open("wide");
  const Catalogue catalogue(*scorer, Numbered("book_id", 40));
  Recommender recommender(catalogue);
  WideTerms terms(catalogue);
  const Texts reader = Given(*scorer, "reader_id", "3");
  recommender.SetReader(reader);
  std::vector<float> logits(catalogue.items());
  recommender.Score(logits.data());
  std::size_t crosses = 0;
  double of_reader = 0;
  for (std::size_t item = 0; item < catalogue.items(); ++item) {
    double sum = scorer->rows().dense().front();
    float last = INFINITY;
    for (const WideTerm& term : terms.Of(reader, item, 1000)) {
      sum += term.value;
      EXPECT_LE(std::fabs(term.value), last);
      last = std::fabs(term.value);
      crosses += term.name.starts_with("reader x genres = 3 & ") ? 1 : 0;
    }
    if (item == 0) of_reader = logits[item] - sum;
    EXPECT_NEAR(sum + of_reader, logits[item], 1e-5);
    EXPECT_LE(terms.Of(reader, item, 2).size(), 2U);
  }
  EXPECT_GT(crosses, 0U);
}

TEST_F(RecommendReasonsTest, TheNearestItemsPointTheSameWay) {
  const auto scorer = Open("plain");
  CatalogueText text("the catalogue", {"book_id"});
  for (const char* id : {"1", "2", "3", "2", "4"}) text.Add(Texts{id});
  const Catalogue catalogue(*scorer, std::move(text));
  const ItemNeighbours neighbours(catalogue);
  const auto near = neighbours.Nearest(1, 10);
  ASSERT_EQ(near.size(), 4U);
  EXPECT_EQ(near.front().item, 3U);  // the same book
  EXPECT_NEAR(near.front().cosine, 1, 1e-6);
  for (std::size_t i = 1; i < near.size(); ++i) EXPECT_LE(near[i].cosine, near[i - 1].cosine);
  const std::vector<std::size_t> among = {0, 1};
  ASSERT_EQ(neighbours.Nearest(1, 10, among).size(), 1U);
  EXPECT_EQ(neighbours.Nearest(1, 10, among).front().item, 0U);
}

TEST_F(RecommendReasonsTest, SeenItemsAreThoseOfTheReadersOwnLines) {
  const auto scorer = Open("plain");
  const Catalogue catalogue(*scorer, Numbered("book_id", 10));  // 0, 7, 4, 1, 8, 5, 2, 9, 6, 3
  const std::vector<ReaderTexts> readers = {Given(*scorer, "reader_id", "3"),
                                            Given(*scorer, "reader_id", "5")};
  using Places = std::vector<std::vector<std::size_t>>;
  const auto seen = [&](const std::filesystem::path& file,
                        const std::vector<std::string>& told_by = {}) {
    return ReadSeen(file, catalogue, readers, {"reader_id"}, told_by).places;
  };
  const auto log =
      Write("log.csv", "reader_id,book_id,rating\n3,7,1\n3,77,5\n5,0,2\n6,4,1\n3,1,1\n3,7,1\n");
  EXPECT_EQ(seen(log), (Places{{1, 3}, {0}}));
  EXPECT_EQ(seen(Write("books.csv", "book_id\n9\n4\n")), (Places{{2, 7}, {2, 7}}));
  EXPECT_EQ(seen(log, {"book_id"}), (Places{{0, 1, 2, 3}, {0, 1, 2, 3}}));
  ExpectError(ExitCode::kData, {"none.csv", "tells items apart"},
              [&] { seen(Write("none.csv", "reader_id\n3\n")); });
  ExpectError(ExitCode::kData, {"log.csv", "no column \"title\""}, [&] { seen(log, {"title"}); });
  ExpectError(ExitCode::kUsage, {"rating", "neither"}, [&] { seen(log, {"rating"}); });
  ExpectError(ExitCode::kUsage, {"reader_id is of the reader alone"},
              [&] { seen(log, {"reader_id"}); });
}

}  // namespace
}  // namespace fathom
