// The C library recommends what C++ recommends, and says what is wrong.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "tests/cluster/recommender_fixture.h"
#include "worker/library/fathom_predict.h"
#include "worker/predict/recommender.h"
#include "worker/recommend/item_neighbours.h"
#include "worker/recommend/wide_terms.h"

namespace fathom {
namespace {

using testing::Texts;

class RecommendLibraryTest : public testing::RecommenderTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(fathom_open(Trained("rich").c_str(), 0, &model_, error_, sizeof(error_)), FATHOM_OK)
        << error_;
  }
  void TearDown() override {
    fathom_catalogue_close(catalogue_);
    fathom_close(model_);
  }

  // They view `texts`.
  std::vector<fathom_text> TextsOf(const std::string& column,
                                   const std::vector<std::string>& texts) {
    const std::size_t columns = fathom_columns(model_);
    std::vector<fathom_text> all(texts.size() * columns, fathom_text{nullptr, 0});
    for (std::size_t c = 0; c < columns; ++c) {
      fathom_column_info info = {};
      info.size = sizeof(info);
      EXPECT_EQ(fathom_column(model_, c, &info), FATHOM_OK);
      for (std::size_t i = 0; info.name == column && i < texts.size(); ++i)
        all[i * columns + c] = {texts[i].data(), texts[i].size()};
    }
    return all;
  }
  void OpenCatalogue() {
    for (int book = 0; book < 300; ++book) books_.push_back(std::to_string(book));
    const auto items = TextsOf("book_id", books_);
    ASSERT_EQ(fathom_catalogue_open(model_, items.data(), books_.size(), &catalogue_, error_,
                                    sizeof(error_)),
              FATHOM_OK)
        << error_;
  }

  fathom_model* model_ = nullptr;
  fathom_catalogue* catalogue_ = nullptr;
  std::vector<std::string> books_;
  char error_[512] = {};
};

TEST_F(RecommendLibraryTest, RecommendsTheSameToTheBitOnAnyThread) {
  OpenCatalogue();
  const auto scorer = Open("rich");
  CatalogueText text("the catalogue", {"book_id"});
  for (const std::string& book : books_) text.Add(Texts{book});
  const Catalogue catalogue(*scorer, std::move(text));
  Recommender recommender(catalogue);
  const std::vector<std::size_t> left_out = {4, 17};
  const auto check = [&](const std::string& id, const std::vector<Recommended>& expected) {
    const std::vector<std::string> ids = {id};
    const auto reader = TextsOf("reader_id", ids);
    std::vector<std::size_t> places(20);
    std::vector<float> logits(20);
    std::size_t found = 0;
    char error[512];
    ASSERT_EQ(
        fathom_recommend(catalogue_, reader.data(), left_out.data(), left_out.size(), 20,
                         FATHOM_LOGITS, places.data(), logits.data(), &found, error, sizeof(error)),
        FATHOM_OK)
        << error;
    ASSERT_EQ(found, expected.size());
    for (std::size_t i = 0; i < found; ++i) {
      EXPECT_EQ(places[i], expected[i].item);
      EXPECT_EQ(logits[i], expected[i].logit);
    }
  };
  std::vector<std::vector<Recommended>> expected;
  const std::vector<std::string> readers = {"3", "8", "no such reader", "21"};
  for (const std::string& id : readers) {
    recommender.SetReader(Given(*scorer, "reader_id", id));
    expected.push_back(recommender.Top(20, left_out));
  }
  std::vector<std::thread> threads;
  for (std::size_t r = 0; r < readers.size(); ++r) {
    threads.emplace_back([&, r] {
      for (int round = 0; round < 5; ++round) check(readers[r], expected[r]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(RecommendLibraryTest, SaysWhyAsTheCommandDoes) {
  OpenCatalogue();
  const auto scorer = Open("rich");
  CatalogueText text("the catalogue", {"book_id"});
  for (const std::string& book : books_) text.Add(Texts{book});
  const Catalogue catalogue(*scorer, std::move(text));
  WideTerms terms(catalogue);
  const ItemNeighbours neighbours(catalogue);
  const std::vector<std::string> ids = {"3"};
  const auto reader = TextsOf("reader_id", ids);
  const std::vector<std::size_t> among = {9, 4, 280};
  std::size_t all = 0;  // terms
  for (const std::size_t item : {std::size_t{0}, std::size_t{4}, std::size_t{299}}) {
    char names[4][40];
    float values[4];
    std::size_t places[4], found = 0;
    ASSERT_EQ(fathom_wide_terms(catalogue_, reader.data(), item, 4, sizeof(names[0]), names[0],
                                values, &found, error_, sizeof(error_)),
              FATHOM_OK)
        << error_;
    const auto expected = terms.Of(Given(*scorer, "reader_id", "3"), item, 4);
    ASSERT_EQ(found, expected.size());
    all += found;
    for (std::size_t i = 0; i < found; ++i) {
      EXPECT_EQ(names[i], expected[i].name.substr(0, sizeof(names[0]) - 1));
      EXPECT_EQ(values[i], expected[i].value);
    }
    const auto check = [&](const std::vector<Neighbour>& near, const std::size_t* of,
                           std::size_t count) {
      ASSERT_EQ(fathom_near_items(catalogue_, item, of, count, 4, places, values, &found, error_,
                                  sizeof(error_)),
                FATHOM_OK)
          << error_;
      ASSERT_EQ(found, near.size());
      for (std::size_t i = 0; i < found; ++i) {
        EXPECT_EQ(places[i], near[i].item);
        EXPECT_EQ(values[i], near[i].cosine);
      }
    };
    check(neighbours.Nearest(item, 4), nullptr, 0);
    check(neighbours.Nearest(item, 4, among), among.data(), among.size());
    check({}, among.data(), 0);
  }
  EXPECT_GT(all, 0U);
}

TEST_F(RecommendLibraryTest, TellsTextsOfItemsAndJoinedTables) {
  OpenCatalogue();
  const auto text_of = [&](std::size_t item, const char* column) {
    fathom_text text = {};
    EXPECT_EQ(fathom_item_text(catalogue_, item, column, &text, error_, sizeof(error_)), FATHOM_OK)
        << error_;
    return std::string(text.data == nullptr ? "(none)" : text.data, text.size);
  };
  EXPECT_EQ(text_of(7, "book_id"), "7");
  std::ifstream lines(models().path() / "data" / "books.csv");
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "book_id,genres,year");
  while (std::getline(lines, line) && !line.starts_with("7,")) {
  }
  const std::size_t begin = line.find(',') + 1;
  EXPECT_EQ(text_of(7, "genres"), line.substr(begin, line.find(',', begin) - begin));
  fathom_text text = {};
  const auto refused = [&](std::size_t item, const char* column, const char* word) {
    EXPECT_EQ(fathom_item_text(catalogue_, item, column, &text, error_, sizeof(error_)),
              FATHOM_USAGE);
    EXPECT_NE(std::string(error_).find(word), std::string::npos) << error_;
  };
  refused(7, "colour", "column colour");
  refused(300, "genres", "there is no item 300");
}

// Keys of rows of texts, crosses among them, score as the texts do, to the bit.
TEST_F(RecommendLibraryTest, KeysOfRowsScoreAsTheirTexts) {
  constexpr std::size_t kRows = 40;
  const std::size_t columns = fathom_columns(model_), fields = fathom_fields(model_);
  std::vector<std::string> readers, books;
  for (std::size_t r = 0; r < kRows; ++r) {
    readers.push_back(std::to_string(r % 7));
    books.push_back(std::to_string(r * 5));
  }
  std::vector<fathom_text> texts = TextsOf("book_id", books);
  const auto others = TextsOf("reader_id", readers);
  for (std::size_t t = 0; t < texts.size(); ++t) {
    if (others[t].data != nullptr) texts[t] = others[t];
  }
  std::vector<std::vector<std::uint64_t>> keys(fields);
  std::vector<std::vector<std::size_t>> offsets(fields, {0});
  std::vector<const std::uint64_t*> keys_of(fields);
  std::vector<const std::size_t*> offsets_of(fields);
  for (std::size_t f = 0; f < fields; ++f) {
    for (std::size_t r = 0; r < kRows; ++r) {
      std::uint64_t some[64] = {};
      float weights[64];
      std::size_t count = 0, again = 0;
      ASSERT_EQ(fathom_row_keys(model_, &texts[r * columns], f, 64, some, weights, &count, error_,
                                sizeof(error_)),
                FATHOM_OK)
          << error_;
      ASSERT_LE(count, 64U);
      EXPECT_EQ(std::count(weights, weights + count, 1.0F), static_cast<std::ptrdiff_t>(count));
      EXPECT_EQ(fathom_row_keys(model_, &texts[r * columns], f, 0, nullptr, nullptr, &again, error_,
                                sizeof(error_)),
                FATHOM_OK);
      EXPECT_EQ(again, count);
      keys[f].insert(keys[f].end(), some, some + count);
      offsets[f].push_back(keys[f].size());
    }
    keys_of[f] = keys[f].data();
    offsets_of[f] = offsets[f].data();
  }
  const std::size_t numbers = fathom_numbers(model_);
  std::vector<float> values(kRows * numbers);
  const auto scorer = Open("rich");
  for (std::size_t r = 0; r < kRows; ++r) {
    ScoringSession session(*scorer);
    std::vector<std::string_view> row(columns);
    for (std::size_t c = 0; c < columns; ++c) {
      const fathom_text& text = texts[r * columns + c];
      if (text.data != nullptr) row[c] = {text.data, text.size};
    }
    ASSERT_EQ(session.AddGiven(row), "");
    std::copy_n(session.encoded().numerics.begin(), numbers,
                values.begin() + static_cast<std::ptrdiff_t>(r * numbers));
  }
  const fathom_keys rows{sizeof(rows),      kRows,   keys_of.data(),
                         offsets_of.data(), nullptr, values.data()};
  float by_text[kRows], by_keys[kRows];
  ASSERT_EQ(fathom_score_text(model_, texts.data(), kRows, FATHOM_LOGITS, by_text, error_,
                              sizeof(error_)),
            FATHOM_OK)
      << error_;
  ASSERT_EQ(fathom_score_keys(model_, &rows, FATHOM_LOGITS, by_keys, error_, sizeof(error_)),
            FATHOM_OK)
      << error_;
  for (std::size_t r = 0; r < kRows; ++r) EXPECT_EQ(by_text[r], by_keys[r]);
}

TEST_F(RecommendLibraryTest, SaysWhatIsWrong) {
  const std::vector<std::string> years = {"1999", "next"}, ids = {"3"};
  const auto bad = TextsOf("year", years);
  fathom_catalogue* none = nullptr;
  EXPECT_EQ(fathom_catalogue_open(model_, bad.data(), 2, &none, error_, sizeof(error_)),
            FATHOM_DATA);
  EXPECT_NE(std::string(error_).find("item 1"), std::string::npos) << error_;
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(fathom_catalogue_open(model_, bad.data(), 0, &none, error_, sizeof(error_)),
            FATHOM_USAGE);
  OpenCatalogue();
  const auto reader = TextsOf("reader_id", ids);
  const auto book = TextsOf("book_id", ids);
  std::size_t place = 0, found = 0;
  float score = 0;
  const std::size_t beyond = books_.size();
  const auto recommend = [&](const std::vector<fathom_text>& of, const std::size_t* out,
                             unsigned flags) {
    return fathom_recommend(catalogue_, of.data(), out, out == nullptr ? 0 : 1, 1, flags, &place,
                            &score, &found, error_, sizeof(error_));
  };
  EXPECT_EQ(recommend(reader, nullptr, 0), FATHOM_OK) << error_;
  EXPECT_TRUE(score > 0 && score < 1);
  EXPECT_EQ(recommend(reader, &beyond, 0), FATHOM_USAGE);
  EXPECT_EQ(recommend(book, nullptr, 0), FATHOM_USAGE);
  EXPECT_NE(std::string(error_).find("the catalogue gives the column book_id"), std::string::npos);
  EXPECT_EQ(recommend(reader, nullptr, 8), FATHOM_USAGE);
}

}  // namespace
}  // namespace fathom
