// What a sweep makes of its config and of its runs' results; the runs themselves are
// tests/integration/sweep.sh.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "launcher/sweep/line_plot.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_measures.h"
#include "launcher/sweep/sweep_points.h"
#include "launcher/sweep/sweep_report.h"
#include "launcher/sweep/sweep_results.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;

class SweepTest : public ::testing::Test {
 protected:
  std::vector<SweepRun> Expand(const std::string& sweep,
                               const std::vector<std::string>& overrides = {}) {
    const auto file = dir_.path() / "sweep.toml";
    std::ofstream(file) << "[sweep]\n"
                        << sweep
                        << "\n[data]\nformat = \"generated\"\n[[column]]\nname = \"user\"\n";
    return ExpandGrid(file, overrides);
  }

  // A run's line as a sweep writes it.
  static SweepLine Done(const SweepRun& run, double speed, double auc = 0.7) {
    return {{"id", run.id},
            {"status", "done"},
            {"examples_per_second", speed},
            {"auc", auc},
            {"workers", run.config.cluster.workers},
            {"threads", 1},
            {"batch_size", run.config.train.batch_size}};
  }

  std::filesystem::path File() const { return dir_.path() / "sweep.jsonl"; }

  ScratchDir dir_;
};

TEST_F(SweepTest, EveryCombinationInTheFilesOrder) {
  const auto runs = Expand(
      "\"train.consistency\" = [\"sync\", \"async\"]\nmodel.embedding_dim = [4, 8, 16]\n"
      "repeats = 2\n\"model.hidden\" = [[8, 4]]");
  ASSERT_EQ(runs.size(), 12U);
  EXPECT_EQ(runs[0].point[0].first, "train.consistency");
  EXPECT_EQ(runs[0].point[0].second, "sync");
  EXPECT_EQ(runs[0].config.model.embedding_dim, 4);
  EXPECT_EQ(runs[1].config.model.embedding_dim, 4);
  EXPECT_EQ(runs[1].repeat, 1);
  EXPECT_EQ(runs[0].config.seed + 1, runs[1].config.seed);
  EXPECT_EQ(runs[2].config.model.embedding_dim, 8);
  EXPECT_EQ(runs[6].config.train.consistency, Consistency::kAsync);
  EXPECT_EQ(runs[6].config.model.hidden, (std::vector<std::int64_t>{8, 4}));
}

TEST_F(SweepTest, RepeatsCountFromTheSeedOfTheirPoint) {
  const auto runs = Expand("seed = [5, 40]\nrepeats = 2");
  ASSERT_EQ(runs.size(), 4U);
  std::vector<std::int64_t> seeds;
  for (const SweepRun& run : runs) seeds.push_back(run.config.seed);
  EXPECT_EQ(seeds, (std::vector<std::int64_t>{5, 6, 40, 41}));
  EXPECT_EQ(runs[3].overrides.back(), "seed=41");
  EXPECT_EQ(runs[3].point, runs[2].point);
}

TEST_F(SweepTest, AnAxisIsOfTheLayoutOrOfWhatIsScaled) {
  const auto runs = Expand(
      "ranks = [2]\ncluster.servers = [1]\ntrain.batch_size = [64]\ntrain.slice_size = [8]\n"
      "column.user.dim = [4]");
  using Kind = SweepConfig::AxisKind;
  EXPECT_EQ(runs.at(0).kinds, (std::vector<Kind>{Kind::kRanks, Kind::kLayout, Kind::kLayout,
                                                 Kind::kOther, Kind::kOther}));
}

TEST_F(SweepTest, ARunsIdentityIsItsConfigAndNotItsFolder) {
  const auto runs = Expand("ranks = [1, 3]", {"output.dir=a"});
  const auto again = Expand("ranks = [1, 3]", {"output.dir=b"});
  const auto other = Expand("ranks = [1, 3]", {"train.epochs=2"});
  EXPECT_EQ(runs[1].ranks, 3);
  EXPECT_EQ(runs[0].id, again[0].id);
  EXPECT_NE(runs[0].id, runs[1].id);
  EXPECT_NE(runs[0].id, other[0].id);
}

TEST_F(SweepTest, TheCommandLineReplacesAnAxis) {
  const auto runs =
      Expand("model.embedding_dim = [4, 8]", {"sweep.model.embedding_dim=[2]", "sweep.repeats=3"});
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[2].config.model.embedding_dim, 2);
}

TEST_F(SweepTest, MistakesAreToldBeforeTheFirstRun) {
  ExpectError(ExitCode::kUsage, {"sweep.toml:2", "model.embeding_dim", "model.embedding_dim"},
              [&] { Expand("\"model.embeding_dim\" = [4]"); });
  ExpectError(ExitCode::kUsage, {"sweep.toml:2", "list of values"},
              [&] { Expand("\"model.embedding_dim\" = 4"); });
  ExpectError(ExitCode::kUsage, {"out of range"}, [&] { Expand("\"model.embedding_dim\" = [0]"); });
  ExpectError(ExitCode::kUsage, {"train.batch_size=700", "multiple"},
              [&] { Expand("\"train.batch_size\" = [512, 700]"); });
  ExpectError(ExitCode::kUsage, {"ranks"}, [&] { Expand("ranks = [0]"); });
  ExpectError(ExitCode::kUsage, {"nothing to sweep"}, [&] { Expand("repeats = 2"); });
}

TEST_F(SweepTest, ALineThatWasNotFinishedIsDropped) {
  const auto runs = Expand("\"model.embedding_dim\" = [4, 8]");
  SweepResults(File()).Add(Done(runs[0], 100));
  std::ofstream(File(), std::ios::app) << R"({"id": ")" << runs[1].id << R"(", "stat)";
  {
    SweepResults results(File());
    EXPECT_NE(results.Find(runs[0].id), nullptr);
    EXPECT_EQ(results.Find(runs[1].id), nullptr);
    results.Add(Done(runs[1], 200));
  }
  EXPECT_NE(SweepResults(File()).Find(runs[1].id), nullptr);
  // On other data no run is done.
  EXPECT_EQ(SweepResults(File(), "0123456789abcdef").Find(runs[1].id), nullptr);
  std::ofstream(File(), std::ios::app) << "no JSON\n";
  ExpectError(ExitCode::kData, {"sweep.jsonl:3"}, [&] { SweepResults results(File()); });
}

TEST_F(SweepTest, RepeatsBecomeMedianLowestAndHighest) {
  const auto runs = Expand("\"model.embedding_dim\" = [4]\nrepeats = 3");
  SweepResults results(File());
  results.Add(Done(runs[0], 300));
  results.Add(Done(runs[1], 100));
  results.Add({{"id", runs[2].id}, {"status", "failed"}, {"error", "a, \"b\""}});
  auto points = PointsOf(runs, results);
  ASSERT_EQ(points.size(), 1U);
  EXPECT_EQ(points[0].runs, 2);
  EXPECT_EQ(points[0].failed, 1);
  EXPECT_EQ(points[0].Of("examples_per_second"), 200);
  EXPECT_EQ(points[0].Of("examples_per_second_min"), 100);
  EXPECT_EQ(points[0].Of("examples_per_second_max"), 300);
  EXPECT_NE(CsvOf(points).find(",\"a, \"\"b\"\"\"\n"), std::string::npos);
  points[0].error = "two\nlines";
  EXPECT_NE(CsvOf(points).find(",\"two\nlines\"\n"), std::string::npos);
  results.Add(Done(runs[2], 250));  // tried again
  points = PointsOf(runs, results);
  EXPECT_EQ(points[0].failed, 0);
  EXPECT_EQ(points[0].Of("examples_per_second"), 250);
}

// 100 examples/s by one worker; 160 by two is 80 %.
TEST_F(SweepTest, ScalingIsAgainstTheSmallestLayoutThatIsAlike) {
  const auto runs = Expand(
      "\"cluster.workers\" = [1, 2]\n\"train.batch_size\" = [512, 1024]\n"
      "\"model.embedding_dim\" = [4, 8]");
  SweepResults results(File());
  for (const SweepRun& run : runs) {
    const bool wide = run.config.model.embedding_dim == 8;
    results.Add(Done(run, (run.config.cluster.workers == 1 ? 100.0 : 160.0) / (wide ? 2 : 1)));
  }
  const auto points = PointsOf(runs, results);
  const auto find = [&](const char* workers, const char* batch, const char* dim) {
    for (const SweepPoint& point : points) {
      if (point.values[0].second == workers && point.values[1].second == batch &&
          point.values[2].second == dim)
        return point;
    }
    return SweepPoint{};
  };
  for (const char* dim : {"4", "8"}) {
    EXPECT_DOUBLE_EQ(find("2", "512", dim).Of("strong_scaling_efficiency"), 0.8) << dim;
    EXPECT_DOUBLE_EQ(find("2", "1024", dim).Of("weak_scaling_efficiency"), 0.8) << dim;
    EXPECT_TRUE(std::isnan(find("2", "512", dim).Of("weak_scaling_efficiency")));
    EXPECT_TRUE(std::isnan(find("1", "512", dim).Of("strong_scaling_efficiency")));
  }
}

TEST_F(SweepTest, MeasuresComeFromTheRunsMetrics) {
  const auto metrics = dir_.path() / "metrics.jsonl";
  std::ofstream(metrics)
      << R"({"event":"evaluation","training_seconds":1.5,"auc":0.6})"
      << "\n"
      << R"({"event":"evaluation","training_seconds":2.5,"auc":0.71})"
      << "\n"
      << R"({"event":"final","auc":0.72,"rows":7,"peak_rss_bytes_by_role":{"server":5},"stages":{)"
      << R"("workers":{"batch_wait":{"share":0.1},"pull_wait":{"share":0.2},"compute":{"share":0.3},)"
      << R"("row_gradients":{"share":0.15},"push":{"share":0.05}},"servers":{"idle":{"share":0.25}}}})"
      << "\n";
  SweepLine line;
  AddMeasures(metrics, 0.7, &line);
  EXPECT_EQ(line["seconds_to_auc"], 2.5);
  EXPECT_EQ(line["peak_rss_bytes_server"], 5);
  EXPECT_EQ(line["compute_share"], 0.3);
  EXPECT_EQ(line["server_busy_share"], 0.75);
  AddMeasures(metrics, 0.71, &line);
  EXPECT_EQ(line["seconds_to_auc"], 2.5) << "reached where it is as large";
  AddMeasures(metrics, 0.9, &line);
  EXPECT_TRUE(line["seconds_to_auc"].is_null());
  std::ofstream(metrics) << R"({"event":"train"})"
                         << "\n";
  ExpectError(ExitCode::kData, {"without its last line"}, [&] { AddMeasures(metrics, 0, &line); });
}

TEST_F(SweepTest, TheReportShowsEveryPointAndEscapesText) {
  const auto runs = Expand("\"model.embedding_dim\" = [4, 64]\n\"train.consistency\" = [\"sync\"]");
  SweepResults results(File());
  results.Add(Done(runs[0], 123456));
  results.Add({{"id", runs[1].id}, {"status", "failed"}, {"error", "<too large>"}});
  const std::string html = ReportOf("A & B", PointsOf(runs, results));
  EXPECT_NE(html.find("A &amp; B"), std::string::npos);
  EXPECT_NE(html.find("123k"), std::string::npos);
  EXPECT_NE(html.find("failed: &lt;too large&gt;"), std::string::npos);
  EXPECT_EQ(html.find("Over train.consistency"), std::string::npos) << "words have no axis";
}

TEST_F(SweepTest, AnAxisOfNumbersAndWordsIsNotPlotted) {
  const auto runs = Expand("\"data.packed_dir\" = [\"1\", \"2\", \"three\"]");
  SweepResults results(File());
  for (const SweepRun& run : runs) results.Add(Done(run, 100));
  const std::string html = ReportOf("sweep", PointsOf(runs, results));
  EXPECT_EQ(html.find("Over data.packed_dir"), std::string::npos);
  EXPECT_NE(html.find("<td>three</td>"), std::string::npos);
}

// The texts between two marks, in order.
std::vector<std::string> Between(const std::string& text, const std::string& begin,
                                 const std::string& end) {
  std::vector<std::string> found;
  for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    found.push_back(text.substr(at, text.find(end, at) - at));
  }
  return found;
}

// Two axes of numbers, and for each a plot of each measure that there is, a line for each value of
// the other axis.
TEST_F(SweepTest, ThePlotsHoldThePointsOfEachMeasure) {
  const auto runs = Expand(
      "\"model.embedding_dim\" = [4, 8]\n\"generated.values\" = [100, 200, 400]\n"
      "\"train.consistency\" = [\"sync\"]");
  SweepResults results(File());
  for (std::size_t r = 0; r < runs.size(); ++r) {
    SweepLine line =
        Done(runs[r], 1000 + static_cast<double>(r), 0.6 + 0.01 * static_cast<double>(r));
    line["logloss"] = 0.5 - 0.01 * static_cast<double>(r);
    results.Add(line);
  }
  const std::string html = ReportOf("sweep", PointsOf(runs, results));
  EXPECT_EQ(Between(html, "<h2>", "</h2>"),
            (std::vector<std::string>{"Over model.embedding_dim", "Over generated.values",
                                      "All points"}));
  const std::string over_dim = Between(html, "<h2>Over model.embedding_dim", "<h2>").at(0);
  const auto plots = Between(over_dim, "<svg", "</svg>");
  ASSERT_EQ(plots.size(), 3U);
  EXPECT_EQ(Between(over_dim, "class='title'>", "<"),
            (std::vector<std::string>{"examples/s", "AUC", "log loss"}));
  const auto dots = [](const std::string& plot) { return Between(plot, "<title>", "</title>"); };
  EXPECT_EQ(dots(plots[1]), (std::vector<std::string>{
                                "generated.values = 100, train.consistency = sync, 4: 0.6",
                                "generated.values = 100, train.consistency = sync, 8: 0.63",
                                "generated.values = 200, train.consistency = sync, 4: 0.61",
                                "generated.values = 200, train.consistency = sync, 8: 0.64",
                                "generated.values = 400, train.consistency = sync, 4: 0.62",
                                "generated.values = 400, train.consistency = sync, 8: 0.65"}));
  EXPECT_NE(dots(plots[2]).at(0).find(": 0.5"), std::string::npos);
  for (const std::string& plot : plots)
    EXPECT_NE(plot.find("text-anchor='middle'>model.embedding_dim</text>"), std::string::npos);
}

// The middle of a logarithmic axis is the geometric mean.
TEST(LinePlot, AxesAreLogarithmicWhereValuesSpanMuch) {
  const auto middle = [](double low, double mid, double high) {
    const std::string svg =
        SvgOf({.title = "t", .x_name = "x", .lines = {{"", {{low, 1}, {mid, 1}, {high, 1}}}}});
    std::vector<double> places;
    for (std::size_t at = 0; (at = svg.find("<circle cx='", at)) != std::string::npos; ++at)
      places.push_back(std::stod(svg.substr(at + 12)));
    EXPECT_EQ(places.size(), 3U);
    return (places[1] - places[0]) / (places[2] - places[0]);
  };
  EXPECT_NEAR(middle(4, 16, 64), 0.5, 1e-3);
  EXPECT_NEAR(middle(4, 6, 8), 0.5, 1e-3);
  EXPECT_EQ(SvgOf({.title = "t", .x_name = "x", .lines = {{"", {}}}}), "");
}

// Where a tick stands, and the number beside it, by two dots whose places are known.
TEST(LinePlot, TicksStandWhereTheirNumbersAre) {
  const std::string svg =
      SvgOf({.title = "t", .x_name = "x", .lines = {{"", {{10, 100}, {20, 200}, {40, 600}}}}});
  const auto places = [&](const char* axis) {
    std::vector<double> all;
    for (const std::string& text : Between(svg, std::string(" ") + axis + "='", "'"))
      all.push_back(std::stod(text));
    return all;
  };
  const auto x = places("cx"), y = places("cy");
  ASSERT_EQ(x.size(), 3U);
  EXPECT_LT(x[0], x[1]);
  EXPECT_LT(x[1], x[2]);
  EXPECT_GT(y[0], y[1]) << "more is higher";
  EXPECT_GT(y[1], y[2]);
  const auto ticks = Between(svg, "class='tick' text-anchor='end'>", "<");
  const auto heights = Between(svg, "<text x='52' y='", "'");
  ASSERT_EQ(ticks.size(), heights.size());
  ASSERT_GT(ticks.size(), 2U);
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    const double value = 100 + 500 * (y[0] - (std::stod(heights[i]) - 4)) / (y[0] - y[2]);
    EXPECT_NEAR(std::stod(ticks[i]), value, 2);
  }
  EXPECT_EQ(Between(svg, "class='tick' text-anchor='middle'>", "<"),
            (std::vector<std::string>{"10", "20", "40", "x"}));
}

TEST(LinePlot, ShortNumbers) {
  EXPECT_EQ(ShortNumber(0.5), "0.5");
  EXPECT_EQ(ShortNumber(999.7), "1k");
  EXPECT_EQ(ShortNumber(1234567), "1.23M");
  EXPECT_EQ(ShortNumber(-2500), "-2.5k");
}

}  // namespace
}  // namespace fathom
