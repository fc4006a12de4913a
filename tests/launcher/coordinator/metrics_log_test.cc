#include "launcher/coordinator/metrics_log.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using nlohmann::json;

std::vector<json> LinesOf(const testing::ScratchDir& dir) {
  std::vector<json> lines;
  std::istringstream in(dir.Read("metrics.jsonl"));
  for (std::string line; std::getline(in, line);) lines.push_back(json::parse(line));
  return lines;
}

// No two numbers alike.
Metrics MakeMetrics() {
  Metrics metrics;
  metrics.examples = 1000;
  metrics.positives = 250;
  metrics.auc = 0.75;
  metrics.auc_low = 0.7;
  metrics.auc_high = 0.8;
  metrics.logloss = 0.5;
  metrics.accuracy = 0.85;
  metrics.calibration = 1.1;
  metrics.gauc = 0.65;
  metrics.gauc_groups = 30;
  metrics.gauc_examples = 900;
  return metrics;
}

void ExpectMetrics(const json& line) {
  EXPECT_EQ(line["evaluation_examples"], 1000);
  EXPECT_EQ(line["evaluation_positives"], 250);
  EXPECT_EQ(line["auc"], 0.75);
  EXPECT_EQ(line["auc_low"], 0.7);
  EXPECT_EQ(line["auc_high"], 0.8);
  EXPECT_EQ(line["logloss"], 0.5);
  EXPECT_EQ(line["accuracy"], 0.85);
  EXPECT_EQ(line["calibration"], 1.1);
  EXPECT_EQ(line["gauc"], 0.65);
  EXPECT_EQ(line["gauc_groups"], 30);
  EXPECT_EQ(line["gauc_examples"], 900);
}

// Every figure another, so that none stands in another's place.
FinalReport MakeReport() {
  FinalReport report;
  report.evaluated = true;
  report.metrics = MakeMetrics();
  report.progressive_logloss = 0.55;
  report.steps = 11;
  report.examples = 12;
  report.seconds = 13;
  report.examples_per_second = 14;
  report.peaks = {{"coordinator", 100}, {"server", 300}, {"server", 200}, {"worker", 50}};
  report.rows = 15;
  report.zero_wide_weights = 16;
  report.evicted_rows = 17;
  report.refused_updates = 18;
  report.cold_bytes = 19;
  report.rows_asked = 20;
  report.rows_read = 21;
  report.bytes_per_row = 22;
  report.resumed_at = 23;
  report.checkpoints = 24;
  report.checkpoints_failed = 25;
  report.checkpoint_stall_seconds = 26;
  report.staleness = {27, 28};
  report.predicted_rss_bytes = 29;
  report.predicted_examples_per_second = NAN;
  report.profile.workers = 30;
  report.profile.servers = 31;
  report.profile.threads = 32;
  report.profile.pull_p50_ms = 33;
  report.profile.pull_p99_ms = 34;
  report.profile.push_p50_ms = 35;
  report.profile.push_p99_ms = 36;
  report.profile.bytes_per_example_sent = 37;
  report.profile.bytes_per_example_received = 38;
  report.profile.cpu_cores_used = 42;
  report.profile.unique_keys_per_batch = 43;
  report.profile.make_batch_seconds = 44;
  report.profile.worker_stages = {
      {.name = "compute", .share = 0.5, .seconds = 39, .count = 40, .p50_ms = 41, .p99_ms = NAN}};
  report.profile.server_stages = {{.name = "idle", .share = 0.9}};
  return report;
}

// Of the final line that MakeReport gives: what is one number or a list of them.
const std::pair<const char*, json> kFinalNumbers[] = {{"step", 11},
                                                      {"progressive_logloss", 0.55},
                                                      {"examples", 12},
                                                      {"seconds", 13},
                                                      {"examples_per_second", 14},
                                                      {"peak_rss_bytes", 650},
                                                      {"rows", 15},
                                                      {"zero_wide_weights", 16},
                                                      {"evicted_rows", 17},
                                                      {"refused_updates", 18},
                                                      {"cold_bytes", 19},
                                                      {"rows_asked", 20},
                                                      {"rows_read", 21},
                                                      {"bytes_per_row", 22},
                                                      {"resumed_at", 23},
                                                      {"cpu_cores_used", 42},
                                                      {"unique_keys_per_batch", 43},
                                                      {"make_batch_seconds", 44},
                                                      {"checkpoints", 24},
                                                      {"checkpoints_failed", 25},
                                                      {"checkpoint_stall_seconds", 26},
                                                      {"staleness", {27, 28}},
                                                      {"predicted_peak_rss_bytes", 29},
                                                      {"predicted_examples_per_second", nullptr},
                                                      {"workers", 30},
                                                      {"servers", 31},
                                                      {"threads", 32},
                                                      {"pull_p50_ms", 33},
                                                      {"pull_p99_ms", 34},
                                                      {"push_p50_ms", 35},
                                                      {"push_p99_ms", 36},
                                                      {"bytes_per_example_sent", 37},
                                                      {"bytes_per_example_received", 38}};

TEST(MetricsLog, LinesOfARun) {
  const testing::ScratchDir dir;
  MetricsLog log(dir.path() / "metrics.jsonl");
  log.Train({.step = 5, .epoch = 1, .examples = 640, .logloss = 0.6, .examples_per_second = 1e5});
  log.Evaluation(7, EvaluationPart::kValidation, 2.5, MakeMetrics());
  log.Checkpoint({.step = 8,
                  .failure = "",
                  .bytes_written = 99,
                  .rows = 40,
                  .seconds = 0.5,
                  .stall_seconds = 0.25});
  log.Checkpoint({.step = 9, .failure = "the disk is full"});
  log.Resume(8);
  const auto lines = LinesOf(dir);
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_EQ(lines[0], json::parse(R"({"event": "train", "step": 5, "epoch": 1, "examples": 640,
                                      "progressive_logloss": 0.6, "examples_per_second": 1e5})"));
  EXPECT_EQ(lines[1]["event"], "evaluation");
  EXPECT_EQ(lines[1]["step"], 7);
  EXPECT_EQ(lines[1]["training_seconds"], 2.5);
  ExpectMetrics(lines[1]);
  EXPECT_EQ(lines[2], json::parse(R"({"event": "checkpoint", "step": 8, "failure": null, "rows": 40,
                                      "bytes_written": 99, "seconds": 0.5, "stall_seconds": 0.25})"));
  EXPECT_EQ(lines[3]["failure"], "the disk is full");
  EXPECT_EQ(lines[4], json::parse(R"({"event": "resume", "step": 8})"));
}

TEST(MetricsLog, TheFinalLineHasEveryFigureOfTheReport) {
  const testing::ScratchDir dir;
  MetricsLog(dir.path() / "metrics.jsonl").Final(MakeReport());
  const json line = LinesOf(dir).at(0);
  EXPECT_EQ(line["event"], "final");
  ExpectMetrics(line);
  for (const auto& [name, value] : kFinalNumbers) EXPECT_EQ(line[name], value) << name;
  EXPECT_EQ(line["peak_rss_bytes_by_role"],
            json::parse(R"({"coordinator": 100, "server": 300, "worker": 50})"))
      << "of processes that are alike the largest";
  EXPECT_EQ(
      line["stages"]["workers"]["compute"],
      json::parse(R"({"share": 0.5, "seconds": 39, "count": 40, "p50_ms": 41, "p99_ms": null})"));
  EXPECT_EQ(line["stages"]["servers"]["idle"]["share"], 0.9);
}

TEST(MetricsLog, ARunThatWasNotEvaluatedHasNoMetrics) {
  const testing::ScratchDir dir;
  FinalReport report;
  report.metrics = MakeMetrics();
  MetricsLog(dir.path() / "metrics.jsonl").Final(report);
  for (const char* name :
       {"auc", "auc_low", "auc_high", "logloss", "accuracy", "calibration", "gauc"})
    EXPECT_TRUE(LinesOf(dir).at(0)[name].is_null()) << name;
}

TEST(MetricsLog, BeginsAnewOrGoesOn) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "metrics.jsonl";
  MetricsLog(file).Resume(1);
  MetricsLog(file, MetricsLog::Write::kOn).Resume(2);
  EXPECT_EQ(LinesOf(dir).size(), 2U);
  MetricsLog(file).Resume(3);
  ASSERT_EQ(LinesOf(dir).size(), 1U);
  EXPECT_EQ(LinesOf(dir)[0]["step"], 3);
  testing::ExpectError(ExitCode::kTraining, {"none/metrics.jsonl", "cannot be written"},
                       [&] { MetricsLog(dir.path() / "none" / "metrics.jsonl"); });
}

TEST(MetricsLog, HalfALineOfAKilledRunIsRemoved) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "metrics.jsonl";
  for (const char* const half : {"", "{\"event\": \"tr", "{}"}) {
    dir.Write("metrics.jsonl", std::string("{\"event\":\"train\"}\n") + half);
    MetricsLog(file, MetricsLog::Write::kOn).Resume(5);
    EXPECT_EQ(LinesOf(dir).size(), 2U);
    EXPECT_EQ(LinesOf(dir).back()["event"], "resume");
  }
  dir.Write("metrics.jsonl", "half a line alone");
  MetricsLog(file, MetricsLog::Write::kOn).Resume(5);
  EXPECT_EQ(LinesOf(dir).size(), 1U);
}

}  // namespace
}  // namespace fathom
