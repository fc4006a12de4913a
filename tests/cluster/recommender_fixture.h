// Models of readers and books to recommend with, trained once for all tests of a suite.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"
#include "worker/predict/catalogue.h"
#include "worker/predict/scorer.h"

namespace fathom::testing {

using Texts = std::vector<std::string_view>;

class RecommenderTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new ScratchDir();
    GenerateBooks(3000, 1, dir_->path() / "data");
  }
  static void TearDownTestSuite() { delete dir_; }

  static Config ConfigOf(const std::string& name) {
    const std::filesystem::path data = dir_->path() / "data";
    if (name == "plain") return BooksConfig(data);
    if (name == "wide") {
      return BooksConfig(
          data, {"column.reader.use=\"wide\"", "column.book.use=\"wide\"", "column.book.dim=0",
                 "column.genres.use=\"wide\"", "column.year.use=\"wide\"", "model.hidden=[]"});
    }
    // Crosses of each make, some with so few classes that combinations share a key.
    Config rich = BooksConfig(data, {"model.fm=true", "column.book.dim=4",
                                     "deep.precision=\"bfloat16\"", "column.year.use=\"both\""});
    const auto cross = [](std::vector<std::string> columns, Use use, std::int64_t buckets,
                          Pooling pooling) {
      return CrossConfig{
          .columns = std::move(columns), .use = use, .hash_buckets = buckets, .pooling = pooling};
    };
    rich.crosses = {cross({"genres", "reader"}, Use::kBoth, 0, Pooling::kMean),
                    cross({"reader", "book", "genres"}, Use::kBoth, 11, Pooling::kSum),
                    cross({"book", "genres"}, Use::kBoth, 50, Pooling::kMean),
                    cross({"reader", "book"}, Use::kWide, 0, Pooling::kSum)};
    return rich;
  }

  // The folder of model "plain", "wide" or "rich", which is trained where it is asked for first.
  static std::filesystem::path Trained(const std::string& name) {
    const std::filesystem::path out = dir_->path() / name;
    if (!std::filesystem::exists(out))
      TrainEmbedded(ConfigOf(name), dir_->path() / "packed" / name, out);
    return out;
  }
  static std::unique_ptr<const Scorer> Open(const std::string& name) {
    return Scorer::Open(Trained(name), true);
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

  std::filesystem::path Write(const std::string& name, const std::string& text) {
    const std::filesystem::path file = here_.path() / name;
    std::ofstream(file) << text;
    return file;
  }
  static const ScratchDir& models() { return *dir_; }
  const ScratchDir& here() const { return here_; }

 private:
  inline static ScratchDir* dir_ = nullptr;
  ScratchDir here_;
};

}  // namespace fathom::testing
