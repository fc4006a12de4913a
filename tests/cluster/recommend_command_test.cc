// What fathom recommend prints, and what it refuses.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "launcher/commands/commands.h"
#include "tests/cluster/recommender_fixture.h"
#include "tests/support/expect_error.h"
#include "worker/predict/recommender.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::Texts;

class RecommendCommandTest : public testing::RecommenderTest {
 protected:
  void SetUp() override {
    std::string items = "book_id,title\n";
    for (int i = 0; i < 60; ++i)
      items += std::to_string(i) + ",\"Title, " + std::to_string(i) + "\"\n";
    arguments_.model_dir = Trained("plain");
    arguments_.catalogue = Write("items.csv", items);
    arguments_.user = {"reader_id=3"};
    arguments_.n = 4;
  }

  std::string Printed() {
    MpiSession alone(nullptr, nullptr);
    ::testing::internal::CaptureStdout();
    RecommendCommand(arguments_, alone);
    return ::testing::internal::GetCapturedStdout();
  }
  void Refused(ExitCode code, std::initializer_list<const char*> words) {
    MpiSession alone(nullptr, nullptr);
    ExpectError(code, words, [&] { RecommendCommand(arguments_, alone); });
  }
  std::vector<Recommended> Expected(const std::string& reader) {
    const auto scorer = Open("plain");
    const Catalogue catalogue(*scorer, ReadCatalogue(arguments_.catalogue, *scorer, {}));
    Recommender recommender(catalogue);
    recommender.SetReader(Given(*scorer, "reader_id", reader));
    return recommender.Top(arguments_.n, {});
  }

  RecommendArguments arguments_;
};

TEST_F(RecommendCommandTest, TsvHasALineAnItem) {
  arguments_.form = RecommendationForm::kTsv;
  arguments_.logits = true;
  std::string expected = "logit\tbook_id\ttitle\n";
  for (const Recommended& item : Expected("3"))
    expected += fmt::format("{0:.9g}\t{1}\tTitle, {1}\n", item.logit, item.item);
  EXPECT_EQ(Printed(), expected);
}

TEST_F(RecommendCommandTest, JsonHasALineAReader) {
  arguments_.form = RecommendationForm::kJson;
  arguments_.user = {};
  arguments_.users = Write("readers.csv", "reader_id,name\n3,Ann\n9,Bo\n");
  arguments_.seen = Write("seen.csv", "reader_id,book_id\n9,1\n9,2\n");
  arguments_.why = true;
  arguments_.show = {"title", "genres"};  // of the catalogue, of the model's joined table
  std::istringstream lines(Printed());
  std::string line;
  for (const std::string reader : {"3", "9"}) {
    ASSERT_TRUE(std::getline(lines, line));
    const auto answer = nlohmann::json::parse(line);
    EXPECT_EQ(answer["user"]["reader_id"], reader);
    ASSERT_EQ(answer["items"].size(), 4U);
    const auto& first = answer["items"][0];
    if (reader == "3") {
      EXPECT_EQ(first["item"]["title"], fmt::format("Title, {}", Expected(reader)[0].item));
    }
    EXPECT_FALSE(first["item"]["genres"].get<std::string>().empty());
    EXPECT_FALSE(first["wide"].empty());
    EXPECT_EQ(first["near"].size(), 3U);
    EXPECT_EQ(first["near_seen"].size(), reader == "9" ? 2U : 0U);
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(RecommendCommandTest, ATableFitsATerminal) {
  arguments_.why = true;
  arguments_.catalogue = Write("long.csv", "title,book_id\n" + std::string(200, 'x') + ",1\n");
  const std::string text = Printed();
  EXPECT_NE(text.find("score"), std::string::npos);
  EXPECT_NE(text.find(std::string(48, 'x') + "…"), std::string::npos);
  EXPECT_EQ(text.find(std::string(49, 'x')), std::string::npos);
}

// A model that was trained on lines without a header reads a catalogue of such lines.
TEST_F(RecommendCommandTest, TheModelsOwnLinesAreACatalogueToo) {
  std::ifstream ratings(models().path() / "data" / "ratings.csv");
  std::string header, bare, line;
  std::getline(ratings, header);
  while (std::getline(ratings, line)) bare += line + '\n';
  const Config config = testing::BooksConfig(
      models().path() / "data",
      {fmt::format("data.train=[\"{}\"]", Write("bare.csv", bare).string()), "data.header=false",
       "data.names=[\"reader_id\", \"book_id\", \"rating\"]"});
  testing::TrainEmbedded(config, here().path() / "packed", here().path() / "bare");
  arguments_.model_dir = here().path() / "bare";
  arguments_.catalogue = Write("lines.csv", "1,17,5\n1,8,1\n");
  arguments_.form = RecommendationForm::kTsv;
  const std::string text = Printed();
  EXPECT_EQ(text.substr(0, text.find('\n')), "score\tbook_id");
  EXPECT_NE(text.find("\t17\n"), std::string::npos);
  EXPECT_NE(text.find("\t8\n"), std::string::npos);
}

TEST_F(RecommendCommandTest, RefusesWhatItCannotMean) {
  const auto with = [&](auto change) {
    const RecommendArguments kept = arguments_;
    change();
    return kept;
  };
  const auto refused = [&](auto change, ExitCode code, std::initializer_list<const char*> words) {
    const RecommendArguments kept = with(change);
    Refused(code, words);
    arguments_ = kept;
  };
  refused([&] { arguments_.user = {}; }, ExitCode::kUsage, {"--user"});
  refused([&] { arguments_.user = {"reader_id"}; }, ExitCode::kUsage, {"COLUMN=VALUE"});
  refused([&] { arguments_.user = {"reader=3"}; }, ExitCode::kUsage,
          {"reader is no column", "reader_id"});
  refused([&] { arguments_.user = {"reader_id=3", "reader_id=4"}; }, ExitCode::kUsage, {"twice"});
  refused(
      [&] {
        arguments_.user = {"reader_id=3", "year=1"};
      },
      ExitCode::kUsage, {"year comes from the catalogue"});
  refused([&] { arguments_.show = {"name"}; }, ExitCode::kUsage, {"column name", "title"});
  refused([&] { arguments_.seen_by = {"book_id"}; }, ExitCode::kUsage, {"--seen-by"});
  refused([&] { arguments_.catalogue = Write("genres.csv", "genres\nwar\n"); }, ExitCode::kUsage,
          {"book_id", "--user book_id=VALUE"});
  refused(
      [&] {
        arguments_.users = Write("none.csv", "reader_id\n");
        arguments_.user = {};
      },
      ExitCode::kData, {"none.csv", "no readers"});
  refused([&] { arguments_.model_dir = here().path() / "nowhere"; }, ExitCode::kModel, {"nowhere"});
}

}  // namespace
}  // namespace fathom
