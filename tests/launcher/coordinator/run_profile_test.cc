#include "launcher/coordinator/run_profile.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

Clock::time_point AtMs(std::int64_t ms) { return Clock::time_point(std::chrono::milliseconds(ms)); }

// The coordinator, one server, two workers.
Layout MakeTestLayout() { return MakeLayout({"a", "a", "a", "a"}, {.servers = 1}); }

// A worker that spends 100 ms: 10 waiting, 60 computing, 20 on its push (15 of row gradients), 10
// on nothing that is measured; then 900 ms on the end.
ThreadProfile WorkerThread(RoleId role) {
  StageRecorder recorder(role, "", 0);
  recorder.Record(Stage::kPull, 0, AtMs(990), AtMs(1010));
  recorder.Record(Stage::kPullWait, 0, AtMs(1000), AtMs(1010));
  recorder.Record(Stage::kCompute, 0, AtMs(1010), AtMs(1070));
  recorder.Record(Stage::kRowGradients, 0, AtMs(1072), AtMs(1087));
  recorder.Record(Stage::kPush, 0, AtMs(1071), AtMs(1091));
  recorder.Record(Stage::kStopWait, 0, AtMs(1100), AtMs(2000));
  return recorder.Take();
}

const StageSummary& Find(const std::vector<StageSummary>& stages, const std::string& name) {
  for (const StageSummary& stage : stages) {
    if (stage.name == name) return stage;
  }
  ADD_FAILURE() << name;
  return stages.front();
}

TEST(RunProfile, SharesOfAllWorkersTimeSumToOne) {
  const Layout layout = MakeTestLayout();
  RunProfile profile(layout);
  for (int worker = 0; worker < 2; ++worker) {
    ProfileMessage message;
    message.threads.push_back(WorkerThread(layout.worker(worker)));
    profile.Add(message);
  }
  const ProfileReport report = profile.Report(1, 1, 1, 1);
  EXPECT_EQ(report.workers, 2);
  EXPECT_EQ(report.servers, 1);
  const auto& stages = report.worker_stages;
  EXPECT_NEAR(Find(stages, "compute").share, 0.6, 1e-9);
  EXPECT_NEAR(Find(stages, "compute").seconds, 0.12, 1e-9);
  EXPECT_EQ(Find(stages, "compute").count, 2U);
  EXPECT_NEAR(Find(stages, "compute").p50_ms, 60, 1e-9);
  EXPECT_NEAR(Find(stages, "pull_wait").share, 0.1, 1e-9);
  EXPECT_NEAR(Find(stages, "row_gradients").share, 0.15, 1e-9);
  EXPECT_NEAR(Find(stages, "push").share, 0.05, 1e-9);
  EXPECT_NEAR(Find(stages, "push").p50_ms, 20, 1e-9);
  EXPECT_EQ(Find(stages, "evaluation").count, 0U);
  EXPECT_TRUE(std::isnan(Find(stages, "evaluation").p50_ms));
  EXPECT_NEAR(Find(stages, "other").share, 0.1, 1e-9);
  double sum = 0;
  for (const StageSummary& stage : stages) sum += stage.share;
  EXPECT_NEAR(sum, 1, 1e-9);
  EXPECT_NEAR(report.pull_p99_ms, 20, 1e-9);
  EXPECT_NEAR(report.push_p50_ms, 20, 1e-9);
}

TEST(RunProfile, OtherThreadsOfAWorkerTakeNoShare) {
  const Layout layout = MakeTestLayout();
  StageRecorder prefetch(layout.worker(0), "batch prefetch", 0);
  prefetch.Record(Stage::kMakeBatch, 0, AtMs(1), AtMs(5000));
  ProfileMessage message;
  message.threads.push_back(prefetch.Take());
  message.threads.push_back(WorkerThread(layout.worker(0)));
  RunProfile profile(layout);
  profile.Add(message);
  EXPECT_NEAR(Find(profile.Report(1, 1, 1, 1).worker_stages, "compute").share, 0.6, 1e-9);
}

TEST(RunProfile, BytesOfWorkersAndCoresOfAll) {
  const Layout layout = MakeTestLayout();
  RunProfile profile(layout);
  const auto traffic = [](RoleId role, std::uint64_t sent, std::uint64_t received) {
    return StageLog::RoleTraffic{role, {.bytes_sent = sent, .bytes_received = received}};
  };
  ProfileMessage message{
      .processor_seconds = 3,
      .traffic = {traffic(layout.coordinator(), 7, 7), traffic(layout.server(0), 9000, 9000),
                  traffic(layout.worker(0), 1000, 3000)},
      .threads = {{.role = layout.worker(0), .pulled_keys = 300}}};
  profile.Add(message);
  message = {.processor_seconds = 1,
             .traffic = {traffic(layout.worker(1), 200, 600)},
             .threads = {{.role = layout.worker(1), .pulled_keys = 250}}};
  profile.Add(message);
  const ProfileReport report = profile.Report(2, 100, 10, 5);
  EXPECT_EQ(report.cpu_cores_used, 2);
  EXPECT_EQ(report.bytes_per_example_sent, 12);
  EXPECT_EQ(report.bytes_per_example_received, 36);
  EXPECT_EQ(report.unique_keys_per_batch, 55);
  EXPECT_EQ(report.threads, 5);
}

TEST(RunProfile, NothingMeasured) {
  const Layout layout = MakeTestLayout();
  const ProfileReport report = RunProfile(layout).Report(0, 0, 0, 1);
  EXPECT_TRUE(std::isnan(report.pull_p50_ms));
  EXPECT_TRUE(std::isnan(report.bytes_per_example_sent));
  EXPECT_EQ(ShareLine("worker", report.worker_stages), "");
}

TEST(RunProfile, ARoleThatTheRunHasNot) {
  const Layout layout = MakeTestLayout();
  RunProfile profile(layout);
  ProfileMessage message;
  message.threads.push_back(WorkerThread(4));
  ExpectError(ExitCode::kPeer, {"names role 4 of 4"}, [&] { profile.Add(message); });
}

TEST(ShareLine, LargestFirstAndTriflesLeftOut) {
  const std::vector<StageSummary> stages = {{.title = "push", .share = 0.004},
                                            {.title = "waiting for rows", .share = 0.12},
                                            {.title = "compute", .share = 0.876}};
  EXPECT_EQ(ShareLine("worker", stages), "worker time: compute 88 %, waiting for rows 12 %");
}

}  // namespace
}  // namespace fathom
