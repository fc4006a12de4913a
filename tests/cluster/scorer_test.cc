// Scores in this process are, bit for bit, those of an evaluation through servers.
#include "worker/predict/scorer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "common/model/dense_file.h"
#include "common/model/partition_file.h"
#include "launcher/predict/scored_text.h"
#include "tests/support/expect_error.h"
#include "tests/support/scored_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/predict/session_pool.h"

namespace fathom {
namespace {

using testing::EvaluatedLogits;
using testing::ScoredModel;
using testing::ScorerLogits;

void ExpectSameBits(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  ASSERT_FALSE(a.empty());
  EXPECT_EQ(std::memcmp(a.data(), b.data(), a.size() * sizeof(float)), 0);
}

class ScorerParity : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(ScorerParity, ScoresAreThoseOfAnEvaluationThroughServers) {
  const testing::ScratchDir dir;
  const ScoredModel trained(dir.path(), GetParam());
  ExpectSameBits(ScorerLogits(trained.model(), trained.lines()), trained.Evaluated());
}

INSTANTIATE_TEST_SUITE_P(
    Models, ScorerParity,
    ::testing::Values(
        std::vector<std::string>{}, std::vector<std::string>{"model.fm=true", "column.item.dim=4"},
        std::vector<std::string>{"deep.precision=bfloat16"},
        std::vector<std::string>{"train.row_format=bfloat16"},
        std::vector<std::string>{"wide.optimizer=adagrad"},
        std::vector<std::string>{"wide.optimizer=adam", "deep.optimizer=adam"},
        std::vector<std::string>{"wide.optimizer=sgd"},
        std::vector<std::string>{"column.tags.pooling=sum", "column.weighted.pooling=mean"},
        std::vector<std::string>{"column.tags.use=wide", "column.item.use=deep"},
        std::vector<std::string>{"column.n1.transform=none", "column.n2.transform=log",
                                 "column.n3.transform=quantiles"},
        std::vector<std::string>{"column.n1.transform=target_mean", "column.n3.transform=count"},
        std::vector<std::string>{"model.hidden=[]"},
        std::vector<std::string>{"server.partitions=128"}));

TEST(Scorer, ScoresLibsvmLinesAsAnEvaluationDoes) {
  const testing::ScratchDir dir;
  const testing::ScoredPairs trained(dir.path());
  ExpectSameBits(ScorerLogits(trained.model(), trained.lines()),
                 EvaluatedLogits(trained.model(), trained.lines()));
}

class ScorerTest : public ::testing::Test {
 protected:
  // One model for all: the tests only read it.
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    trained_ = new ScoredModel(dir_->path());
    scorer_ = Scorer::Open(trained_->model(), false).release();
  }
  static void TearDownTestSuite() {
    delete scorer_;
    delete trained_;
    delete dir_;
  }

  // Texts by slot; columns that are not named are not given.
  static std::vector<std::string_view> Given(const std::map<std::string, std::string_view>& texts) {
    std::vector<std::string_view> values;
    for (const ScoringInput& input : scorer_->inputs()) {
      const auto text = texts.find(input.name);
      values.push_back(text == texts.end() ? std::string_view() : text->second);
    }
    return values;
  }

  static float Score(ScoringSession& session, const std::vector<std::string_view>& values) {
    EXPECT_EQ(session.AddGiven(values), "");
    float logit = 0;
    session.Score(&logit);
    return logit;
  }

  inline static testing::ScratchDir* dir_ = nullptr;
  inline static ScoredModel* trained_ = nullptr;
  inline static const Scorer* scorer_ = nullptr;
};

TEST_F(ScorerTest, ColumnsOfJoinedTablesAreLookedUpWhereTheCallerDoesNotGiveThem) {
  ScoringSession session(*scorer_);
  std::map<std::string, std::string_view> texts = {
      {"user", "user3"}, {"item", "item6"}, {"n1", "5"}, {"n2", "1"}, {"n3", "2"}};
  const float looked_up = Score(session, Given(texts));
  texts["maker"] = "maker2";
  texts["price"] = "10.5";
  EXPECT_EQ(Score(session, Given(texts)), looked_up);
  texts["maker"] = "maker1";
  EXPECT_NE(Score(session, Given(texts)), looked_up);
}

TEST_F(ScorerTest, AnExampleScoresAloneAsItDoesAmongOthers) {
  const std::vector<float> together = ScorerLogits(trained_->model(), trained_->lines());
  const DataRecords records(scorer_->schema(), {trained_->lines()}, 0);
  RecordReader reader(scorer_->schema());
  ScoringSession session(*scorer_);
  const auto text = records.Open();
  TextBlock block;
  std::vector<float> alone;
  const auto take = [&](const Record&, const std::string&) {
    ASSERT_EQ(session.Add(reader.values()), "");
    session.Score(&alone.emplace_back());
  };
  while (text->Next(&block)) records.ForEach(reader, block, take, [](std::uint64_t) {});
  ExpectSameBits(alone, together);
}

// Rows of a model that has learnt nothing but its dense parameters.
class NoRows : public ModelRows {
 public:
  NoRows(const ModelSpec& spec, std::span<const float> dense) : spec_(spec), dense_(dense) {}
  void Read(std::size_t table, std::span<const Key> keys, PulledRows::Table* rows) const override {
    const TableSpec& of = spec_.tables[table];
    rows->wide.assign(of.wide ? keys.size() : 0, 0.0F);
    rows->deep.assign(keys.size() * static_cast<std::size_t>(of.dim), 0.0F);
    rows->has_row.assign(keys.size(), 0);
  }
  void ForEach(std::size_t, const RowUse&) const override {}
  std::span<const float> State(std::size_t, Key) const override { return {}; }
  std::span<const float> dense() const override { return dense_; }

 private:
  const ModelSpec& spec_;
  std::span<const float> dense_;
};

TEST_F(ScorerTest, ValuesWithoutARowCountAsZerosAndAreCounted) {
  const std::vector<std::string_view> values = Given({{"user", "nobody"},
                                                      {"item", "nothing"},
                                                      {"tags", "new|newer"},
                                                      {"weighted", "x:2"},
                                                      {"maker", "none"},
                                                      {"price", "3"},
                                                      {"n1", "5"},
                                                      {"n2", "1"},
                                                      {"n3", "2"},
                                                      {"time", "2026-11-20"}});
  ScoringSession session(*scorer_);
  TrainedModel model = OpenModel(trained_->model());
  Config config = ConfigOfLines(model.config);
  const Scorer without(std::move(model), std::move(config),
                       std::make_unique<NoRows>(scorer_->spec(), scorer_->rows().dense()));
  ScoringSession zeros(without);
  // What has a row here: the hash bucket, the rare item, the class of n1, Friday.
  std::set<std::string> with_row;
  const float score = Score(session, values);
  const float of_zeros = Score(zeros, values);
  double sum = 0;
  for (const FieldCoverage& field : session.Coverage()) {
    if (field.values > field.without_row) with_row.insert(field.name);
    sum += static_cast<double>(field.without_row);
  }
  EXPECT_EQ(with_row, (std::set<std::string>{"folded", "known", "class", "weekday"}));
  EXPECT_EQ(sum, 1 + 1 + 2 + 1 + 1 + 2 + 1);  // user, item, tags, weighted, maker, crosses
  EXPECT_NE(score, of_zeros);
  PulledRows::Table unknown;
  const std::vector<Key> nobody = {ValueKey(ColumnSeed("user"), "nobody")};
  scorer_->rows().Read(static_cast<std::size_t>(scorer_->spec().fields[0].table), nobody, &unknown);
  EXPECT_EQ(unknown.has_row, std::vector<std::uint8_t>{0});
  EXPECT_EQ(unknown.wide, AlignedVector<float>{0});
  EXPECT_EQ(unknown.deep, AlignedVector<float>(4));
  for (const FieldCoverage& field : zeros.Coverage()) EXPECT_EQ(field.values, field.without_row);
}

TEST_F(ScorerTest, CoverageIsThatOfALookAtEachKey) {
  std::vector<std::set<Key>> keys(scorer_->spec().tables.size());
  const Manifest& manifest = scorer_->model().manifest;
  for (int p = 0; p < manifest.partitions.count(); ++p) {
    ReadPartition(
        scorer_->model().dir, manifest, p,
        [&](std::size_t table, Key key, std::span<const float>) { keys[table].insert(key); });
  }
  const auto& fields = scorer_->spec().fields;
  std::vector<FieldCoverage> expected(fields.size());
  const DataRecords records(scorer_->schema(), {trained_->lines()}, 0);
  RecordReader reader(scorer_->schema());
  ScoringSession session(*scorer_);
  const auto count = [&](std::size_t f, Key key) {
    ++expected[f].values;
    expected[f].without_row += keys[static_cast<std::size_t>(fields[f].table)].count(key) == 0;
  };
  const auto take = [&](const Record&, const std::string&) {
    ASSERT_EQ(session.Add(reader.values()), "");
    std::size_t single = 0, list = 0;
    for (std::size_t f = 0; f < fields.size(); ++f) {
      if (!fields[f].multivalent) {
        count(f, session.encoded().keys[single++]);
        continue;
      }
      for (const Key key : session.encoded().lists[list]) count(f, key);
      ++list;
    }
  };
  const auto text = records.Open();
  for (TextBlock block; text->Next(&block);)
    records.ForEach(reader, block, take, [](std::uint64_t) {});
  std::vector<float> logits(session.examples());
  session.Score(logits.data());
  const std::vector<FieldCoverage> coverage = session.Coverage();
  std::uint64_t without_row = 0;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    EXPECT_EQ(coverage[f].values, expected[f].values) << fields[f].name;
    EXPECT_EQ(coverage[f].without_row, expected[f].without_row) << fields[f].name;
    without_row += expected[f].without_row;
  }
  EXPECT_GT(without_row, 0U);
}

TEST_F(ScorerTest, EightThreadsScoreTheBitsOfOne) {
  const std::vector<std::vector<std::string_view>> examples = {
      Given({{"user", "user1"}, {"item", "item2"}, {"tags", "tag1|tag2"}, {"n1", "7"}}),
      Given({{"user", "user9"}, {"item", "item8"}, {"weighted", "w1:2"}, {"n2", "7"}}),
      Given({{"user", "nobody"}, {"item", "item3"}, {"tags", "tag5"}, {"n3", "900"}})};
  ScoringSession session(*scorer_);
  std::vector<float> expected;
  for (const auto& example : examples) expected.push_back(Score(session, example));
  SessionPool pool(*scorer_);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 100; ++i) {
        const std::size_t which = (t + i) % examples.size();
        auto borrowed = pool.Take();
        if (Score(*borrowed, examples[which]) != expected[which]) ++wrong;
        pool.Give(std::move(borrowed));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

TEST_F(ScorerTest, ASessionPoolKeepsWhatItIsGivenAndMakesWhatItHasNot) {
  SessionPool pool(*scorer_);
  auto first = pool.Take();
  auto second = pool.Take();
  const ScoringSession* const place = first.get();
  EXPECT_NE(place, second.get());
  pool.Give(std::move(first));
  EXPECT_EQ(pool.Take().get(), place);
  std::vector<std::unique_ptr<ScoringSession>> many;
  for (std::size_t s = 0; s < SessionPool::kKept + 3; ++s) many.push_back(pool.Take());
  for (auto& session : many) pool.Give(std::move(session));
}

TEST_F(ScorerTest, ThreadsWriteTheLinesOfOneInOrder) {
  // Many blocks: the lines over and over, with gaps.
  std::string all;
  {
    std::ifstream lines(trained_->lines());
    std::string header, line, some;
    std::getline(lines, header);
    while (std::getline(lines, line)) some += line + "\n";
    all = header + "\n\n";
    while (all.size() < (std::size_t{3} << 20)) all += some + "\nbad\n";
  }
  const auto file = dir_->Write("many.csv", all);
  const DataRecords records(scorer_->schema(), {file}, 0);
  std::string expected;
  ScoredText counted;
  for (const int threads : {1, 3}) {
    std::string lines;
    const auto text = records.Open();
    const ScoredText scored =
        ScoreText(*scorer_, records, *text, {.as_logits = false, .threads = threads},
                  [&](std::string_view block) { lines += block; });
    if (threads == 1) {
      expected = lines;
      counted = scored;
      EXPECT_EQ(lines.substr(0, 1), "\n");  // the blank line behind the header
      EXPECT_EQ(scored.bad_lines * 300, scored.scores);
      EXPECT_EQ(scored.blank_lines, scored.bad_lines + 1);
      EXPECT_EQ(static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n')),
                scored.scores + scored.bad_lines + scored.blank_lines);
    }
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(scored.scores, counted.scores);
    ASSERT_FALSE(scored.first_bad_lines.empty());
    EXPECT_EQ(scored.first_bad_lines.front().line, 304U);
    for (std::size_t f = 0; f < scored.coverage.size(); ++f)
      EXPECT_EQ(scored.coverage[f].without_row, counted.coverage[f].without_row);
  }
}

}  // namespace
}  // namespace fathom
