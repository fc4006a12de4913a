// The points that a search draws, and which of them go on.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "common/settings/config_file.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/halving.h"
#include "launcher/sweep/search_space.h"

namespace fathom {
namespace {

constexpr const char* kText = R"(
[data]
train = ["a.csv"]
validation_fraction = 0.1
[[column]]
name = "user"
[model]
hidden = [12, 7]
[wide]
alpha = 0.3
)";

Config Parsed(const std::vector<std::string>& overrides = {}) {
  return ParseConfig(kText, "search.toml", "", overrides);
}

std::string ValueOf(const SearchPoint& point, const std::string& key) {
  for (const auto& [name, value] : point) {
    if (name == key) return value;
  }
  return "absent";
}

TEST(SearchSpace, TheFirstPointIsTheConfigAsItIs) {
  const SearchPoint point = DrawPoint(Parsed(), {}, 1, 0);
  EXPECT_EQ(ValueOf(point, "wide.alpha"), "0.3");
  EXPECT_EQ(ValueOf(point, "model.hidden"), "[12, 7]");
  EXPECT_EQ(ValueOf(point, "model.embedding_dim"), "16");
  EXPECT_EQ(ValueOf(point, "deep.row_wise"), "true");
}

TEST(SearchSpace, EveryPointIsAConfigAndAFunctionOfSeedAndNumber) {
  std::set<SearchPoint> points;
  for (const std::uint64_t seed : {1, 2}) {
    for (std::uint64_t index = 0; index < 50; ++index) {
      const SearchPoint point = DrawPoint(Parsed(), {}, seed, index);
      EXPECT_EQ(point, DrawPoint(Parsed(), {}, seed, index));
      points.insert(point);
      std::vector<std::string> overrides;
      for (const auto& [key, value] : point) overrides.push_back(key + "=" + value);
      const Config config = Parsed(overrides);
      if (index == 0) continue;
      EXPECT_GE(config.wide["alpha"], 0.02);
      EXPECT_LE(config.wide["alpha"], 0.5);
      EXPECT_GE(config.train.batch_size, 256);
      EXPECT_LE(config.train.batch_size, 2048);
      EXPECT_TRUE(config.deep.l2 == 0 || (config.deep.l2 >= 0.001 && config.deep.l2 <= 0.3));
    }
  }
  EXPECT_EQ(points.size(), 99U) << "the first is the same for both seeds";
}

TEST(SearchSpace, LeavesOutWhatIsGivenAndWhatHasNoEffect) {
  const SearchPoint given = DrawPoint(Parsed(), {"model.hidden"}, 1, 3);
  EXPECT_EQ(ValueOf(given, "model.hidden"), "absent");
  EXPECT_NE(ValueOf(given, "wide.alpha"), "absent");
  const SearchPoint adam = DrawPoint(Parsed({"deep.optimizer=adam"}), {}, 1, 3);
  EXPECT_EQ(ValueOf(adam, "deep.row_wise"), "absent");
  const SearchPoint deep = DrawPoint(Parsed({"column.user.use=deep", "wide.alpha=0.1"}), {}, 1, 3);
  EXPECT_EQ(ValueOf(deep, "wide.alpha"), "absent");
}

TEST(Halving, AThirdGoesOnForThreeTimesTheEpochs) {
  const auto rungs = RungsOf(18, 9);
  ASSERT_EQ(rungs.size(), 3U);
  EXPECT_EQ(rungs[0].points, 18U);
  EXPECT_EQ(rungs[0].epochs, 1);
  EXPECT_EQ(rungs[1].points, 6U);
  EXPECT_EQ(rungs[1].epochs, 3);
  EXPECT_EQ(rungs[2].points, 2U);
  EXPECT_EQ(rungs[2].epochs, 9);
  EXPECT_EQ(RungsOf(4, 100).back().points, 1U) << "one is left: it gets all epochs";
  EXPECT_EQ(RungsOf(4, 100).back().epochs, 100);
  ASSERT_EQ(RungsOf(100, 1).size(), 1U);
  EXPECT_EQ(RungsOf(100, 1)[0].points, 100U);
  EXPECT_EQ(RungsOf(9, 4).back().epochs, 4) << "not beyond";
}

TEST(Halving, TheBestGoOnAndOfEqualOnesTheEarlier) {
  EXPECT_EQ(Survivors({0.5, NAN, 0.7, 0.5, 0.1}, 3), (std::vector<std::size_t>{2, 0, 3}));
  EXPECT_EQ(Survivors({NAN, 0.5}, 3), (std::vector<std::size_t>{1}));
  EXPECT_TRUE(Survivors({NAN}, 1).empty());
}

SweepPoint PointOf(double logloss, double auc) {
  SweepPoint point{.values = {{"a", "1"}}, .kinds = {SweepConfig::AxisKind::kOther}, .error = ""};
  point.measures = {
      {"best_logloss", logloss}, {"best_auc", auc}, {"best_step", 20}, {"best_epoch", 2}};
  return point;
}

TEST(BestPoint, GoesByTheMetricOfTheValidationPart) {
  const std::vector<SweepPoint> points = {PointOf(NAN, NAN), PointOf(0.4, 0.7), PointOf(0.3, 0.6),
                                          PointOf(0.3, 0.7)};
  EXPECT_EQ(BestPoint(points, BestBy::kLogLoss), &points[2]);
  EXPECT_EQ(BestPoint(points, BestBy::kAuc), &points[1]);
  EXPECT_EQ(BestPoint({PointOf(NAN, NAN)}, BestBy::kLogLoss), nullptr);
  EXPECT_EQ(DescribeBest(points[2], BestBy::kLogLoss),
            "best by logloss on the validation part: a=1\n  0.30000 after step 20, epoch 2");
}

// The config as it is may be slower than others at first.
TEST(Halving, TheFirstPointGoesOnToTheEnd) {
  using Places = std::vector<std::size_t>;
  EXPECT_EQ(SurvivorsAndFirst({0.1, 0.9, 0.3, 0.8}, 2), (Places{0, 1, 3}));
  EXPECT_EQ(SurvivorsAndFirst({0.85, 0.9, 0.3, 0.8}, 2), (Places{0, 1}));
  EXPECT_EQ(SurvivorsAndFirst({0.9, NAN, NAN}, 2), (Places{0}));
  EXPECT_EQ(SurvivorsAndFirst({NAN, 0.2, 0.9}, 1), (Places{2}));
  EXPECT_TRUE(SurvivorsAndFirst({NAN, NAN}, 1).empty());
}

}  // namespace
}  // namespace fathom
