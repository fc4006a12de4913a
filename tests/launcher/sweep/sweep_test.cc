// What a sweep makes of its config and of its runs' results; the runs themselves are
// tests/integration/sweep.sh.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "launcher/sweep/line_plot.h"
#include "launcher/sweep/sweep_grid.h"
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
  const auto find = [&](const char* workers, const char* batch) {
    for (const SweepPoint& point : points) {
      if (point.values[0].second == workers && point.values[1].second == batch) return point;
    }
    return SweepPoint{};
  };
  EXPECT_DOUBLE_EQ(find("2", "512").Of("strong_scaling_efficiency"), 0.8);
  EXPECT_DOUBLE_EQ(find("2", "1024").Of("weak_scaling_efficiency"), 0.8);
  EXPECT_TRUE(std::isnan(find("2", "512").Of("weak_scaling_efficiency")));
  EXPECT_TRUE(std::isnan(find("1", "512").Of("strong_scaling_efficiency")));
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
  EXPECT_NE(html.find("<svg"), std::string::npos);
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

TEST(LinePlot, ShortNumbers) {
  EXPECT_EQ(ShortNumber(0.5), "0.5");
  EXPECT_EQ(ShortNumber(999.7), "1k");
  EXPECT_EQ(ShortNumber(1234567), "1.23M");
  EXPECT_EQ(ShortNumber(-2500), "-2.5k");
}

}  // namespace
}  // namespace fathom
