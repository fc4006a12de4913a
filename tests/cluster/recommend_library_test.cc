// The C library recommends what C++ recommends, and says what is wrong.
#include <gtest/gtest.h>

#include <thread>

#include "tests/cluster/recommender_fixture.h"
#include "worker/library/fathom_predict.h"
#include "worker/predict/recommender.h"

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
