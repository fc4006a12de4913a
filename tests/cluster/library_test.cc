// The C library: what it scores, what it refuses, and that no damage of a model's files makes it
// fall over.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <thread>

#include "common/metrics/metrics.h"
#include "tests/support/scored_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/library/fathom_predict.h"
#include "worker/predict/scorer.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// Every n-th byte and length of a file is tried; FATHOM_EVERY_BYTE tries all.
std::size_t DamageStride(std::size_t bytes) {
  constexpr std::size_t kTried = 16;
  return std::getenv("FATHOM_EVERY_BYTE") != nullptr ? 1 : std::max<std::size_t>(1, bytes / kTried);
}

std::string ReadAll(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void WriteAll(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

class LibraryTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    dir_ = new testing::ScratchDir;
    trained_ = new testing::ScoredModel(dir_->path(), {"output.names=true"});
    ASSERT_EQ(fathom_open(trained_->model().c_str(), FATHOM_VERIFY, &model_, nullptr, 0), 0);
  }
  static void TearDownTestSuite() {
    fathom_close(model_);
    delete trained_;
    delete dir_;
  }

  using Texts = std::map<std::string, std::string>;
  static std::vector<fathom_text> Row(const fathom_model* model, const Texts& texts) {
    std::vector<fathom_text> row;
    for (std::size_t c = 0; c < fathom_columns(model); ++c) {
      fathom_column_info info{sizeof(info), nullptr, 0};
      EXPECT_EQ(fathom_column(model, c, &info), FATHOM_OK);
      const auto text = texts.find(info.name);
      row.push_back(text == texts.end() ? fathom_text{nullptr, 0}
                                        : fathom_text{text->second.data(), text->second.size()});
    }
    return row;
  }

  static Texts Example() {
    return {{"user", "user3"}, {"item", "item6"},      {"tags", "tag1|tag2"},
            {"n1", "5"},       {"weighted", "w1:0.5"}, {"n2", "1"},
            {"n3", "2"},       {"time", "2026-11-20"}};
  }

  // Of the example; NaN where it was refused, and then there are words.
  static float TryToScore(const fs::path& path, unsigned flags) {
    char error[500] = "";
    fathom_model* model = nullptr;
    float score = std::nanf("");
    int code = fathom_open(path.c_str(), flags, &model, error, sizeof(error));
    if (code == FATHOM_OK && fathom_columns(model) == fathom_columns(model_)) {
      const Texts texts = Example();
      const auto row = Row(model, texts);
      code = fathom_score_text(model, row.data(), 1, 0, &score, error, sizeof(error));
    }
    EXPECT_EQ(code == FATHOM_OK, error[0] == '\0');
    fathom_close(model);
    return code == FATHOM_OK ? score : std::nanf("");
  }

  inline static testing::ScratchDir* dir_ = nullptr;
  inline static testing::ScoredModel* trained_ = nullptr;
  inline static fathom_model* model_ = nullptr;
};

TEST_F(LibraryTest, ScoresAsTheScorerDoes) {
  const auto scorer = Scorer::Open(trained_->model(), false);
  ScoringSession session(*scorer);
  const Texts texts = Example();
  std::vector<std::string_view> values;
  for (const ScoringInput& input : scorer->inputs()) {
    const auto text = texts.find(input.name);
    values.push_back(text == texts.end() ? std::string_view() : std::string_view(text->second));
  }
  ASSERT_EQ(session.AddGiven(values), "");
  float logit = 0;
  session.Score(&logit);
  const auto row = Row(model_, texts);
  std::vector<fathom_text> rows = row;
  rows.insert(rows.end(), row.begin(), row.end());
  float scores[2] = {0, 0};
  ASSERT_EQ(fathom_score_text(model_, rows.data(), 2, FATHOM_LOGITS, scores, nullptr, 0),
            FATHOM_OK);
  EXPECT_EQ(scores[0], logit);
  EXPECT_EQ(scores[1], logit);
  ASSERT_EQ(fathom_score_text(model_, row.data(), 1, 0, scores, nullptr, 0), FATHOM_OK);
  EXPECT_EQ(scores[0], static_cast<float>(Sigmoid(logit)));
}

TEST_F(LibraryTest, ScoresKeysAsTheirTexts) {
  // Keys are made for columns; those of crosses are the caller's own work, so the model has none.
  const testing::ScratchDir dir;
  const testing::ScoredPairs pairs(dir.path());
  fathom_model* model = nullptr;
  ASSERT_EQ(fathom_open(pairs.model().c_str(), 0, &model, nullptr, 0), FATHOM_OK);
  ASSERT_EQ(fathom_fields(model), 1U);
  ASSERT_EQ(fathom_numbers(model), 0U);
  fathom_field_info field{sizeof(field), nullptr, 0, 0};
  ASSERT_EQ(fathom_field(model, 0, &field), FATHOM_OK);
  EXPECT_STREQ(field.name, "features");
  EXPECT_EQ(field.list, 1);
  EXPECT_EQ(field.weighted, 1);
  const fathom_text texts[] = {{"3:2 7:0.25", 10}, {"", 0}, {"88:1", 4}};
  float expected[3] = {}, scores[3] = {};
  ASSERT_EQ(fathom_score_text(model, texts, 3, FATHOM_LOGITS, expected, nullptr, 0), FATHOM_OK);
  std::uint64_t keys[3] = {};
  char error[200];
  const char* ids[] = {"3:1", "7:1", "88:1"};
  for (std::size_t k = 0; k < 3; ++k) {
    ASSERT_EQ(fathom_key(model, 0, {ids[k], std::strlen(ids[k])}, &keys[k], error, sizeof(error)),
              FATHOM_OK)
        << error;
  }
  const std::size_t offsets[] = {0, 2, 2, 3};
  const float weights[] = {2, 0.25F, 1};
  const std::uint64_t* const by_field[] = {keys};
  const std::size_t* const offsets_by_field[] = {offsets};
  const float* const weights_by_field[] = {weights};
  const fathom_keys rows{sizeof(rows), 3, by_field, offsets_by_field, weights_by_field, nullptr};
  ASSERT_EQ(fathom_score_keys(model, &rows, FATHOM_LOGITS, scores, error, sizeof(error)), FATHOM_OK)
      << error;
  for (int r = 0; r < 3; ++r) EXPECT_EQ(scores[r], expected[r]);
  fathom_close(model);
}

TEST_F(LibraryTest, SaysWhatIsWrongIntoTheCallersBuffer) {
  char error[64];
  std::memset(error, 'x', sizeof(error));
  fathom_model* model = nullptr;
  EXPECT_EQ(fathom_open("/nowhere/at/all/where/there/might/be/a/model/of/a/long/name", 0, &model,
                        error, sizeof(error)),
            FATHOM_MODEL);
  EXPECT_EQ(model, nullptr);
  EXPECT_EQ(std::strlen(error), sizeof(error) - 1);
  Texts texts = Example();
  texts["n2"] = "seven";
  const auto row = Row(model_, texts);
  float score = 0;
  char words[200];
  EXPECT_EQ(fathom_score_text(model_, row.data(), 1, 0, &score, words, sizeof(words)), FATHOM_DATA);
  EXPECT_NE(std::strstr(words, "row 0"), nullptr) << words;
  EXPECT_NE(std::strstr(words, "seven"), nullptr) << words;
  EXPECT_EQ(fathom_score_text(model_, row.data(), 1, 99, &score, words, sizeof(words)),
            FATHOM_USAGE);
  EXPECT_EQ(fathom_score_text(nullptr, row.data(), 1, 0, &score, nullptr, 0), FATHOM_USAGE);
  EXPECT_EQ(fathom_score_text(model_, nullptr, 0, 0, nullptr, nullptr, 0), FATHOM_OK);
  EXPECT_EQ(fathom_score_keys(model_, nullptr, 0, &score, nullptr, 0), FATHOM_USAGE);
  fathom_column_info info{sizeof(info), nullptr, 0};
  EXPECT_EQ(fathom_column(model_, 1000, &info), FATHOM_USAGE);
  EXPECT_EQ(fathom_abi(), FATHOM_ABI);
}

// Each thread scores rows that differ, one in a call and several, from a place of its own on.
// FATHOM_SCORES: so many a thread.
TEST_F(LibraryTest, ThreadsScoreTheBitsOfOne) {
  constexpr std::size_t kRows = 64, kAtOnce = 5, kThreads = 8;
  const char* const asked = std::getenv("FATHOM_SCORES");
  const std::size_t scores = asked != nullptr ? std::strtoull(asked, nullptr, 10) : 400;
  std::vector<Texts> texts(kRows, Example());
  std::vector<fathom_text> rows;
  for (std::size_t r = 0; r < kRows; ++r) {
    texts[r]["user"] = "user" + std::to_string(r);
    texts[r]["item"] = "item" + std::to_string(r % 13);
    texts[r]["n1"] = std::to_string(r);
    const auto row = Row(model_, texts[r]);
    rows.insert(rows.end(), row.begin(), row.end());
  }
  const auto more = std::vector(
      rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / kRows * kAtOnce));
  rows.insert(rows.end(), more.begin(), more.end());  // so that any kAtOnce stand together
  const std::size_t columns = fathom_columns(model_);
  std::vector<float> expected(kRows);
  for (std::size_t r = 0; r < kRows; ++r)
    ASSERT_EQ(
        fathom_score_text(model_, &rows[r * columns], 1, FATHOM_LOGITS, &expected[r], nullptr, 0),
        FATHOM_OK);
  EXPECT_GT(std::set<float>(expected.begin(), expected.end()).size(), kRows / 2);
  std::atomic<std::size_t> scored = 0, wrong = 0;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::size_t mine = 0, bad = 0;
      for (std::size_t call = 0; mine < scores; ++call) {
        const std::size_t first = (call * 7 + t * 11) % kRows;
        const std::size_t count = call % 3 == 0 ? kAtOnce : 1;
        float got[kAtOnce];
        if (fathom_score_text(model_, &rows[first * columns], count, FATHOM_LOGITS, got, nullptr,
                              0) != FATHOM_OK)
          ++bad;
        for (std::size_t i = 0; i < count; ++i)
          bad += got[i] != expected[(first + i) % kRows] ? 1 : 0;
        mine += count;
      }
      scored += mine;
      wrong += bad;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0U) << "of " << scored;
  EXPECT_GE(scored, kThreads * scores);
}

// Calls try_one() for each file and damage of it, while it is there.
template <typename TryOne>
void ForEachDamage(const fs::path& model, TryOne try_one) {
  std::size_t row_files = 0;
  for (const auto& entry : fs::directory_iterator(model)) {
    const fs::path file = entry.path();
    // Row files are alike.
    const bool is_row_file = file.filename().string().starts_with("rows-");
    if (is_row_file && ++row_files > 3 && std::getenv("FATHOM_EVERY_BYTE") == nullptr) continue;
    const std::string whole = ReadAll(file);
    // What is not read to score needs few.
    const bool is_read = file.filename() != "names.tsv";
    const std::size_t stride = is_read ? DamageStride(whole.size()) : whole.size() / 4;
    for (std::size_t at = 0; at < whole.size(); at += stride) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
      WriteAll(file, damaged);
      try_one(file, "byte", at);
      WriteAll(file, whole.substr(0, at));
      try_one(file, "length", at);
    }
    WriteAll(file, whole);
  }
}

TEST_F(LibraryTest, AnyDamageThatMattersIsFoundWhereChecksumsAreCompared) {
  const testing::ScratchDir dir;
  fs::copy(trained_->model() / "model", dir.path() / "model");
  const float whole = TryToScore(dir.path(), FATHOM_VERIFY);
  ASSERT_FALSE(std::isnan(whole));
  ForEachDamage(dir.path() / "model", [&](const fs::path& file, const char* what, std::size_t at) {
    const float score = TryToScore(dir.path(), FATHOM_VERIFY);
    if (std::isnan(score)) return;
    EXPECT_EQ(score, whole) << file << ' ' << what << ' ' << at;
    // names.tsv is not read to score. A digit of the manifest's own checksum may be written large.
    const bool may_go_on = file.filename() == "names.tsv" || file.filename() == "manifest.json";
    EXPECT_TRUE(may_go_on) << file << ' ' << what << ' ' << at;
  });
  EXPECT_EQ(TryToScore(dir.path(), FATHOM_VERIFY), whole);
}

TEST_F(LibraryTest, NoDamageMakesItFallOverWhereTheyAreNot) {
  const testing::ScratchDir dir;
  fs::copy(trained_->model() / "model", dir.path() / "model");
  ForEachDamage(dir.path() / "model",
                [&](const fs::path&, const char*, std::size_t) { TryToScore(dir.path(), 0); });
  EXPECT_FALSE(std::isnan(TryToScore(dir.path(), 0)));
}

}  // namespace
}  // namespace fathom
