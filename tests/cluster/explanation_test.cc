// A score taken apart: its parts add up, and each is what the logit's change says.
#include "worker/explain/explanation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "launcher/commands/commands.h"
#include "launcher/summary/row_lines.h"
#include "tests/support/expect_error.h"
#include "tests/support/scored_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/explain/named_feature.h"
#include "worker/ingest/data_records.h"
#include "worker/library/fathom_predict.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScoredModel;
using testing::ScorerLogits;
using Texts = std::vector<std::string_view>;

// The first `most` lines of the file, as texts by slot.
void ForEachLine(const Scorer& scorer, const std::filesystem::path& lines, std::size_t most,
                 const std::function<void(const Texts&)>& use) {
  const DataRecords records(scorer.schema(), {lines}, 0);
  RecordReader reader(scorer.schema());
  const auto text = records.Open();
  for (TextBlock block; text->Next(&block);) {
    records.ForEach(
        reader, block,
        [&](const Record&, const std::string& error) {
          ASSERT_EQ(error, "");
          if (most > 0) use(reader.values());
          most -= most > 0 ? 1 : 0;
        },
        [](std::uint64_t) {});
  }
}

class ExplanationOfModels : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(ExplanationOfModels, AddsUpToTheLogitOfPredict) {
  const testing::ScratchDir dir;
  const ScoredModel trained(dir.path(), GetParam());
  const auto scorer = Scorer::Open(trained.model(), true);
  const std::vector<float> logits = ScorerLogits(trained.model(), trained.lines());
  Explainer explainer(*scorer);
  std::size_t line = 0, unknown = 0;
  ForEachLine(*scorer, trained.lines(), 1000, [&](const Texts& texts) {
    const Explanation explained = explainer.Explain(texts);
    EXPECT_EQ(std::memcmp(&explained.logit, &logits[line++], sizeof(float)), 0);
    EXPECT_NEAR(explained.Sum(), explained.logit, 1e-5);
    for (const ExplainedField& field : explained.fields) {
      for (const ExplainedValue& value : field.values) {
        if (value.has_row) continue;
        ++unknown;
        EXPECT_EQ(value.Sum(), 0) << field.name;
        EXPECT_EQ(value.norm, 0);
      }
    }
  });
  EXPECT_EQ(line, logits.size());
  EXPECT_GT(unknown, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Models, ExplanationOfModels,
    ::testing::Values(
        std::vector<std::string>{},
        std::vector<std::string>{"model.fm=true", "column.item.dim=4", "train.epochs=3"},
        std::vector<std::string>{"deep.precision=bfloat16"},
        std::vector<std::string>{"column.tags.pooling=sum", "column.weighted.pooling=mean"},
        std::vector<std::string>{"column.tags.use=wide", "column.item.use=deep"},
        std::vector<std::string>{"model.hidden=[]"}));

// The rows of a model, one embedding of which is stretched.
class StretchedRows : public ModelRows {
 public:
  StretchedRows(const ModelRows& rows, std::size_t table, Key key, float by)
      : rows_(rows), table_(table), key_(key), by_(by) {}

  void Read(std::size_t table, std::span<const Key> keys, PulledRows::Table* rows) const override {
    rows_.Read(table, keys, rows);
    for (std::size_t k = 0; k < keys.size(); ++k) {
      if (table != table_ || keys[k] != key_) continue;
      const std::size_t dim = rows->deep.size() / keys.size();
      for (std::size_t i = 0; i < dim; ++i) rows->deep[k * dim + i] *= by_;
    }
  }
  void ForEach(std::size_t table, const RowUse& use) const override { rows_.ForEach(table, use); }
  std::span<const float> State(std::size_t table, Key key) const override {
    return rows_.State(table, key);
  }
  std::span<const float> dense() const override { return rows_.dense(); }

 private:
  const ModelRows& rows_;
  std::size_t table_;
  Key key_;
  float by_;
};

float LogitWith(const Scorer& scorer, std::size_t table, Key key, float by, const Texts& texts) {
  const Scorer stretched(scorer.model(), scorer.config(),
                         std::make_unique<StretchedRows>(scorer.rows(), table, key, by));
  ScoringSession session(stretched);
  EXPECT_EQ(session.Add(texts), "");
  float logit = 0;
  session.Score(&logit);
  return logit;
}

// By central differences: the logit's change as one embedding is stretched is the deep share and
// twice the FM share.
TEST(Explanation, SharesOfEmbeddingsAreTheLogitsChange) {
  const testing::ScratchDir dir;
  const ScoredModel trained(dir.path(), {"model.fm=true", "column.item.dim=4", "train.epochs=4"});
  const auto scorer = Scorer::Open(trained.model(), true);
  Explainer explainer(*scorer);
  constexpr float kStretch = 1.0F / 64;
  std::size_t checked = 0;
  ForEachLine(*scorer, trained.lines(), 12, [&](const Texts& texts) {
    const Explanation explained = explainer.Explain(texts);
    for (std::size_t f = 0; f < explained.fields.size(); ++f) {
      const auto table = static_cast<std::size_t>(scorer->spec().fields[f].table);
      for (const ExplainedValue& value : explained.fields[f].values) {
        const double change = (double{LogitWith(*scorer, table, value.key, 1 + kStretch, texts)} -
                               LogitWith(*scorer, table, value.key, 1 - kStretch, texts)) /
                              (2 * kStretch);
        EXPECT_NEAR(change, value.deep + 2 * value.fm, 2e-4) << explained.fields[f].name;
        checked += std::fabs(change) > 1e-3 ? 1 : 0;
      }
    }
  });
  EXPECT_GT(checked, 50U);
}

class ExplainCommandTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    first_ = new ScoredModel(dir_->path() / "first", {});
    second_ = new ScoredModel(dir_->path() / "second", {"train.epochs=2", "column.maker.use=deep"});
  }
  static void TearDownTestSuite() {
    delete first_;
    delete second_;
    delete dir_;
  }
  void SetUp() override {
    arguments_.model = first_->model();
    arguments_.input = first_->lines();
  }
  std::string Printed() {
    MpiSession alone(nullptr, nullptr);
    ::testing::internal::CaptureStdout();
    ExplainCommand(arguments_, alone);
    return ::testing::internal::GetCapturedStdout();
  }
  void Refused(ExitCode code, std::initializer_list<const char*> words) {
    MpiSession alone(nullptr, nullptr);
    ExpectError(code, words, [&] { ExplainCommand(arguments_, alone); });
  }
  std::filesystem::path Write(const std::string& text) {
    const auto file = dir_->path() / "own.csv";
    std::ofstream(file) << text;
    return file;
  }

  inline static testing::ScratchDir* dir_ = nullptr;
  inline static ScoredModel *first_ = nullptr, *second_ = nullptr;
  ExplainArguments arguments_;
};

TEST_F(ExplainCommandTest, TellsWhatTheModelMakesOfEachText) {
  arguments_.json = true;
  arguments_.input = Write(
      "user,item,tags,weighted,n1,n2,n3,time\n"
      "user3,item6,tag1|tag2|tag1,w1:0.5|w2:2,17,,7,2026-11-20\n");
  const auto told = nlohmann::json::parse(Printed());
  const auto field = [&](const std::string& name) {
    for (const auto& each : told["fields"]) {
      if (each["field"] == name) return each;
    }
    return nlohmann::json();
  };
  EXPECT_EQ(field("user")["text"], "user3");
  EXPECT_EQ(field("user")["values"][0]["name"], "user3");
  EXPECT_EQ(field("maker")["text"], "maker2");  // looked up by the item
  EXPECT_EQ(field("class")["values"][0]["name"], "[10, 50)");
  EXPECT_EQ(field("weekday")["values"][0]["name"], "Friday");
  ASSERT_EQ(field("tags")["values"].size(), 2U);  // tag1 twice in a mean of three
  EXPECT_FLOAT_EQ(field("tags")["values"][0]["scale"].get<float>(), 2.0F / 3);
  EXPECT_EQ(field("weighted")["values"][1]["scale"], 2.0);
  EXPECT_FALSE(field("maker x user").contains("text"));
  EXPECT_EQ(field("maker x user")["values"][0]["name"], "maker2 x user3");
  EXPECT_EQ(told["numbers"].size(), 4U);
  for (const auto& number : told["numbers"]) {
    if (number["number"] != "n2") continue;
    EXPECT_EQ(number["value"], 0);  // missing, standardised
  }
  EXPECT_NEAR(told["sum"].get<double>(), told["logit"].get<double>(), 1e-5);
}

TEST_F(ExplainCommandTest, TakesTheLineThatIsAskedFor) {
  arguments_.line = 7;
  const std::string one = Printed();
  EXPECT_NE(one.find("lines.csv:7: logit "), std::string::npos) << one;
  EXPECT_NE(one.find("\n  sum "), std::string::npos);
  arguments_.line = 0;
  arguments_.json = true;
  const std::string all = Printed();
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), 300);
  arguments_.line = 1;  // the header
  Refused(ExitCode::kUsage, {"lines.csv", "no example in line 1"});
  arguments_.line = 302;
  Refused(ExitCode::kUsage, {"no example in line 302"});
}

TEST_F(ExplainCommandTest, SetsTwoModelsSideBySide) {
  arguments_.against = second_->model();
  arguments_.line = 5;
  const std::string told = Printed();
  EXPECT_NE(told.find("lines.csv:5, first model: logit "), std::string::npos) << told;
  EXPECT_NE(told.find("lines.csv:5, second model: logit "), std::string::npos) << told;
  EXPECT_NE(told.find("difference"), std::string::npos);
  arguments_.json = true;
  const auto both = nlohmann::json::parse(Printed());
  ASSERT_EQ(both.size(), 2U);
  EXPECT_EQ(both[1]["logit"].get<float>(), ScorerLogits(second_->model(), first_->lines())[3]);
}

TEST_F(ExplainCommandTest, SaysWhatIsWrong) {
  arguments_.input = Write("user,item,tags,weighted,n1,n2,n3,time\nu,i,,,many,,,2026-11-20\n");
  Refused(ExitCode::kData, {"own.csv:2", "n1", "many"});
  arguments_.input = Write("user,item,tags,weighted,n1,n2,n3,time\n");
  Refused(ExitCode::kData, {"own.csv", "no example"});
  arguments_.input = Write("user\nu\n");
  Refused(ExitCode::kData, {"own.csv", "item"});
  arguments_.model = dir_->path() / "nowhere";
  Refused(ExitCode::kModel, {"nowhere"});
}

TEST_F(ExplainCommandTest, TheLibraryTellsTheSame) {
  fathom_model* model = nullptr;
  ASSERT_EQ(fathom_open(first_->model().c_str(), 0, &model, nullptr, 0), FATHOM_OK);
  const auto scorer = Scorer::Open(first_->model(), false);
  arguments_.json = true;
  arguments_.line = 9;
  const std::string told = Printed();
  std::size_t line = 2;
  ForEachLine(*scorer, first_->lines(), 8, [&](const Texts& texts) {
    if (line++ != 9) return;
    std::vector<fathom_text> row;
    for (const std::string_view text : texts) row.push_back({text.data(), text.size()});
    std::size_t size = 0;
    ASSERT_EQ(fathom_explain(model, row.data(), 0, nullptr, &size, nullptr, 0), FATHOM_OK);
    EXPECT_EQ(size + 1, told.size());
    std::string json(size + 1, 'x');
    ASSERT_EQ(fathom_explain(model, row.data(), size, json.data(), &size, nullptr, 0), FATHOM_OK);
    EXPECT_EQ(json.front(), 'x');
    ASSERT_EQ(fathom_explain(model, row.data(), size + 1, json.data(), &size, nullptr, 0),
              FATHOM_OK);
    EXPECT_EQ(json.substr(0, size) + '\n', told);
  });
  fathom_close(model);
}

// Each key of each field, by the texts that it was made of.
TEST(NamedFeatures, AreTheKeysThatLinesHave) {
  const testing::ScratchDir dir;
  const ScoredModel trained(dir.path());
  const auto scorer = Scorer::Open(trained.model(), true);
  Explainer explainer(*scorer);
  FeatureReader reader(scorer->schema(), scorer->spec(), scorer->transforms());
  std::size_t crosses = 0, elements = 0;
  ForEachLine(*scorer, trained.lines(), 40, [&](const Texts& texts) {
    const auto text_of = [&](const char* column) {
      return std::string(texts[scorer->schema().Slot(column)]);
    };
    for (const ExplainedField& field : explainer.Explain(texts).fields) {
      if (field.name == "maker x user") {
        const NamedFeature found =
            reader.Read("maker x user=" + text_of("maker") + "," + text_of("user"));
        EXPECT_EQ(found.key, field.values.front().key);
        EXPECT_EQ(found.name, field.values.front().name);
        ++crosses;
      } else if (field.name == "tags") {
        for (const ExplainedValue& value : field.values) {
          EXPECT_EQ(reader.Read("tags=" + value.name).key, value.key);
          ++elements;
        }
      } else if (!field.is_cross && field.name != "weighted") {
        const NamedFeature found = reader.Read(field.name + "=" + field.text);
        EXPECT_EQ(found.key, field.values.front().key) << field.name;
        EXPECT_EQ(found.name, field.values.front().name);
        EXPECT_EQ(scorer->spec().fields[found.field].name, field.name);
      }
    }
  });
  EXPECT_EQ(crosses, 40U);
  EXPECT_GT(elements, 20U);
  EXPECT_EQ(reader.Read("user=#00000000000000ff").key, 0xffU);
  const std::vector<std::pair<const char*, const char*>> wrong = {
      {"user", "no FIELD=TEXT"},
      {"colour=red", "no sparse field colour"},
      {"tags=tag1|tag2", "holds 2 values"},
      {"maker x user=maker1", "1 texts"},
      {"class=many", "many"}};
  for (const auto& each : wrong)
    ExpectError(ExitCode::kUsage, {each.second}, [&] { reader.Read(each.first); });
}

// The numbers of a row are those of the folder's file, and scoring's.
TEST(NamedFeatures, HaveRowsThatInspectShows) {
  const testing::ScratchDir dir;
  const ScoredModel trained(dir.path());
  const auto scorer = Scorer::Open(trained.model(), true);
  FeatureReader reader(scorer->schema(), scorer->spec(), scorer->transforms());
  const NamedFeature feature = reader.Read("item=item6");
  const Field& field = scorer->spec().fields[feature.field];
  const auto table = static_cast<std::size_t>(field.table);
  const auto state = scorer->rows().State(table, feature.key);
  ASSERT_EQ(state.size(), 2U + 5 + 1);  // z, n; the embedding; its accumulator
  PulledRows::Table row;
  scorer->rows().Read(table, {&feature.key, 1}, &row);
  const std::string lines = RowLines(*scorer, feature);
  const auto line = [](const char* name, float value) {
    return fmt::format("  {:<28} {:.9g}\n", name, value);
  };
  EXPECT_NE(lines.find(line("weight", row.wide[0]) + line("z", state[0]) + line("n", state[1])),
            std::string::npos)
      << lines;
  EXPECT_NE(lines.find(line("embedding_accumulator", state[7])), std::string::npos) << lines;
  EXPECT_NE(lines.find(fmt::format("  {:<28} {:.9g}\n", "embedding", fmt::join(row.deep, " "))),
            std::string::npos)
      << lines;
  const std::string none = RowLines(*scorer, reader.Read("item=nothing"));
  EXPECT_NE(none.find("it has no row"), std::string::npos) << none;
}

}  // namespace
}  // namespace fathom
