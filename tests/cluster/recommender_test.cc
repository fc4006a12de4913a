// The best items of a catalogue are those that scoring each of them finds, to the bit.
#include "worker/predict/recommender.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using Texts = std::vector<std::string_view>;

// Models that were trained once for all tests here.
class RecommenderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir();
    GenerateBooks(3000, 1, dir_->path() / "data");
    Config plain = testing::BooksConfig(dir_->path() / "data");
    Train(plain, "plain");
    // Crosses of each make, some with so few classes that combinations share a key.
    Config rich = testing::BooksConfig(
        dir_->path() / "data", {"model.fm=true", "column.book.dim=4", "deep.precision=\"bfloat16\"",
                                "column.year.use=\"both\""});
    const auto cross = [](std::vector<std::string> columns, Use use, std::int64_t buckets,
                          Pooling pooling) {
      return CrossConfig{
          .columns = std::move(columns), .use = use, .hash_buckets = buckets, .pooling = pooling};
    };
    rich.crosses = {cross({"genres", "reader"}, Use::kBoth, 0, Pooling::kMean),
                    cross({"reader", "book", "genres"}, Use::kBoth, 11, Pooling::kSum),
                    cross({"book", "genres"}, Use::kBoth, 50, Pooling::kMean),
                    cross({"reader", "book"}, Use::kWide, 0, Pooling::kSum)};
    Train(rich, "rich");
  }
  static void TearDownTestSuite() { delete dir_; }

  static void Train(const Config& config, const std::string& name) {
    testing::TrainEmbedded(config, dir_->path() / "packed" / name, dir_->path() / name);
  }
  static std::unique_ptr<const Scorer> Open(const std::string& name) {
    return Scorer::Open(dir_->path() / name, true);
  }

  // Items 0 to `items`, of which many were never trained, of one column.
  static CatalogueText Numbered(const std::string& column, int items) {
    CatalogueText text("the catalogue", {"title", column});
    for (int i = 0; i < items; ++i) {
      const std::string id = std::to_string(i * 7 % items);
      text.Add(Texts{"Title of " + id, id});
    }
    return text;
  }

  static std::vector<float> OneByOne(const Scorer& scorer, const Catalogue& catalogue,
                                     const Texts& reader) {
    ScoringSession session(scorer);
    for (std::size_t item = 0; item < catalogue.items(); ++item) {
      Texts values = reader;
      for (std::size_t slot = 0; slot < values.size(); ++slot) {
        const std::size_t column = catalogue.text().Column(scorer.inputs()[slot].name);
        if (column < catalogue.text().columns().size())
          values[slot] = catalogue.text().At(item, column);
      }
      EXPECT_EQ(session.AddGiven(values), "");
    }
    std::vector<float> logits(catalogue.items());
    session.Score(logits.data());
    return logits;
  }

  static Texts Given(const Scorer& scorer, const std::string& column, std::string_view text) {
    Texts values(scorer.inputs().size());
    values[scorer.schema().Slot(column)] = text;
    return values;
  }

  static testing::ScratchDir* dir_;
};

testing::ScratchDir* RecommenderTest::dir_ = nullptr;

TEST_F(RecommenderTest, ScoresAreThoseOfEachItemAlone) {
  for (const std::string name : {"plain", "rich"}) {
    const auto scorer = Open(name);
    const Catalogue catalogue(*scorer, Numbered("book_id", 700));
    Recommender recommender(catalogue);
    std::vector<float> logits(catalogue.items());
    for (const std::string_view reader : {"3", "58", "no such reader", "", "3"}) {
      const Texts values = Given(*scorer, "reader_id", reader);
      recommender.SetReader(values);
      recommender.Score(logits.data());
      EXPECT_EQ(logits, OneByOne(*scorer, catalogue, values)) << name << " " << reader;
    }
  }
}

// Here what the joined table has, a list and a number, is on the reader's side.
TEST_F(RecommenderTest, RanksReadersForABookAsWell) {
  for (const std::string name : {"plain", "rich"}) {
    const auto scorer = Open(name);
    const Catalogue catalogue(*scorer, Numbered("reader_id", 300));
    Recommender recommender(catalogue);
    std::vector<float> logits(catalogue.items());
    for (const std::string_view book : {"5", "11", "no such book"}) {
      const Texts values = Given(*scorer, "book_id", book);
      recommender.SetReader(values);
      recommender.Score(logits.data());
      EXPECT_EQ(logits, OneByOne(*scorer, catalogue, values)) << name << " " << book;
    }
  }
}

TEST_F(RecommenderTest, TheBestComeFirstAndEqualOnesInTheirOrder) {
  const auto scorer = Open("plain");
  CatalogueText text("the catalogue", {"book_id"});
  for (int copy = 0; copy < 3; ++copy) {
    for (int book = 0; book < 100; ++book) {
      const std::string id = std::to_string(book);
      text.Add(Texts{id});
    }
  }
  const Catalogue catalogue(*scorer, std::move(text));
  Recommender recommender(catalogue);
  recommender.SetReader(Given(*scorer, "reader_id", "3"));
  std::vector<float> logits(300);
  recommender.Score(logits.data());
  std::vector<std::size_t> order(300);
  for (std::size_t i = 0; i < 300; ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  const std::vector<std::size_t> left_out = {order[4], order[0]};
  order.erase(order.begin() + 4);
  order.erase(order.begin());
  const std::vector<Recommended> top = recommender.Top(20, left_out);
  ASSERT_EQ(top.size(), 20U);
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(top[i].item, order[i]);
    EXPECT_EQ(top[i].logit, logits[order[i]]);
  }
  EXPECT_EQ(recommender.Top(1000, left_out).size(), 298U);
}

TEST_F(RecommenderTest, ManyThreadsGetWhatOneGets) {
  const auto scorer = Open("rich");
  const Catalogue catalogue(*scorer, Numbered("book_id", 400));
  const Texts values = Given(*scorer, "reader_id", "7");
  const auto logits = [&] {
    Recommender recommender(catalogue);
    recommender.SetReader(values);
    std::vector<float> all(catalogue.items());
    recommender.Score(all.data());
    return all;
  };
  const std::vector<float> alone = logits();
  std::vector<std::vector<float>> of_threads(4);
  std::vector<std::thread> threads;
  for (auto& mine : of_threads) threads.emplace_back([&] { mine = logits(); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& mine : of_threads) EXPECT_EQ(mine, alone);
}

TEST_F(RecommenderTest, AColumnOfTheCatalogueIsNotTheReaders) {
  const auto scorer = Open("plain");
  const Catalogue catalogue(*scorer, Numbered("book_id", 10));
  Recommender recommender(catalogue);
  ExpectError(ExitCode::kUsage, {"book_id", "the catalogue gives"},
              [&] { recommender.SetReader(Given(*scorer, "book_id", "4")); });
  ExpectError(ExitCode::kUsage, {"genres", "the catalogue gives"},
              [&] { recommender.SetReader(Given(*scorer, "genres", "war")); });
}

class CatalogueFileTest : public RecommenderTest {
 protected:
  std::filesystem::path Write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = here_.path() / name;
    std::ofstream(file) << text;
    return file;
  }
  testing::ScratchDir here_;
};

TEST_F(CatalogueFileTest, KeepsTitlesOfAnySeparator) {
  const auto scorer = Open("plain");
  const auto commas = Write("a.csv", "title,book_id\n\"War, and \"\"Peace\"\"\",4\n\nEmma,9\n");
  const CatalogueText text = ReadCatalogue(commas, *scorer, {});
  ASSERT_EQ(text.items(), 2U);
  EXPECT_EQ(text.At(0, text.Column("title")), "War, and \"Peace\"");
  EXPECT_EQ(text.At(1, text.Column("book_id")), "9");
  EXPECT_EQ(text.Where(1), commas.string() + ":4");
  const CatalogueText tabs =
      ReadCatalogue(Write("a.tsv", "book_id\ttitle\n4\tWar, and Peace\n"), *scorer, {});
  EXPECT_EQ(tabs.At(0, 1), "War, and Peace");
}

TEST_F(CatalogueFileTest, SaysWhatIsWrongWithIt) {
  const auto scorer = Open("plain");
  const auto read = [&](const std::filesystem::path& file) {
    return [&, file] { Catalogue(*scorer, ReadCatalogue(file, *scorer, {"reader_id"})); };
  };
  ExpectError(ExitCode::kData, {"a.csv:1", "book_id"}, read(Write("a.csv", "title\nEmma\n")));
  ExpectError(ExitCode::kData, {"b.csv:3", "3 fields where 2"},
              read(Write("b.csv", "book_id,title\n1,a\n2,b,c\n")));
  ExpectError(ExitCode::kData, {"c.csv", "no items"}, read(Write("c.csv", "book_id,title\n")));
  ExpectError(ExitCode::kData, {"d.csv:3", "year", "next"},
              read(Write("d.csv", "book_id,year\n1,1999\n2,next\n")));
  ExpectError(ExitCode::kData, {"e.csv", "book_id", "twice"},
              read(Write("e.csv", "book_id,book_id\n1,2\n")));
  ExpectError(ExitCode::kData, {"nowhere.csv"}, read(here_.path() / "nowhere.csv"));
}

}  // namespace
}  // namespace fathom
