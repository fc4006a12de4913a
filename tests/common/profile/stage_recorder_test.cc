#include "common/profile/stage_recorder.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>

#include "common/profile/stage_log.h"

namespace fathom {
namespace {

using namespace std::chrono_literals;

Clock::time_point At(std::int64_t ns) { return Clock::time_point(std::chrono::nanoseconds(ns)); }

TEST(Stage, NamesAreThereAndDiffer) {
  std::set<std::string> names, titles;
  for (std::size_t i = 0; i < kStages; ++i) {
    names.insert(StageName(static_cast<Stage>(i)));
    titles.insert(StageTitle(static_cast<Stage>(i)));
  }
  EXPECT_EQ(names.size(), kStages);
  EXPECT_EQ(titles.size(), kStages);
  // As metrics.jsonl and trace.json say them.
  const std::pair<Stage, const char*> expected[] = {{Stage::kOrderWait, "order_wait"},
                                                    {Stage::kBatchWait, "batch_wait"},
                                                    {Stage::kPullWait, "pull_wait"},
                                                    {Stage::kCompute, "compute"},
                                                    {Stage::kRowGradients, "row_gradients"},
                                                    {Stage::kPush, "push"},
                                                    {Stage::kEvaluation, "evaluation"},
                                                    {Stage::kStopWait, "stop_wait"},
                                                    {Stage::kPull, "pull"},
                                                    {Stage::kSlice, "slice"},
                                                    {Stage::kMakeBatch, "make_batch"},
                                                    {Stage::kSendPull, "send_pull"},
                                                    {Stage::kDecode, "decode"},
                                                    {Stage::kFind, "find"},
                                                    {Stage::kEncode, "encode"},
                                                    {Stage::kUpdate, "update"},
                                                    {Stage::kSave, "save"},
                                                    {Stage::kIdle, "idle"},
                                                    {Stage::kMetrics, "metrics"}};
  for (const auto& [stage, name] : expected) EXPECT_STREQ(StageName(stage), name);
}

TEST(StageRecorder, ASpanLastsUntilItsBlockEnds) {
  StageRecorder recorder(3, "", 10);
  const auto before = Clock::now();
  {
    const auto span = recorder.Measure(Stage::kCompute, 5);
    std::this_thread::sleep_for(2ms);
  }
  const auto after = Clock::now();
  const ThreadProfile& profile = recorder.profile();
  EXPECT_EQ(profile.role, 3);
  EXPECT_EQ(profile.of(Stage::kCompute).count(), 1U);
  ASSERT_EQ(profile.events.size(), 1U);
  const TraceEvent& event = profile.events[0];
  EXPECT_EQ(event.stage, Stage::kCompute);
  EXPECT_EQ(event.step, 5U);
  EXPECT_GE(event.begin_ns, Nanoseconds(before));
  EXPECT_GE(event.duration_ns, 2000000U);
  EXPECT_LE(event.begin_ns + static_cast<std::int64_t>(event.duration_ns), Nanoseconds(after));
  EXPECT_EQ(profile.of(Stage::kCompute).total_ns(), event.duration_ns);
  EXPECT_EQ(profile.first_ns, event.begin_ns);
}

TEST(StageRecorder, NextLeavesNoGap) {
  StageRecorder recorder(0, "", 10);
  {
    auto span = recorder.Measure(Stage::kBatchWait);
    span.Next(Stage::kCompute);
    span.Next(Stage::kPush);
    span.End();
    span.End();
  }
  const auto& events = recorder.profile().events;
  ASSERT_EQ(events.size(), 3U);
  for (std::size_t i = 1; i < events.size(); ++i) {
    EXPECT_EQ(events[i].begin_ns,
              events[i - 1].begin_ns + static_cast<std::int64_t>(events[i - 1].duration_ns));
  }
  EXPECT_EQ(events[2].stage, Stage::kPush);
  EXPECT_EQ(events[2].step, kNoStep);
}

TEST(StageRecorder, KeepsTheFirstEventsAndCountsTheRest) {
  StageRecorder recorder(0, "", 4);
  for (std::uint64_t i = 0; i < 10; ++i) recorder.Record(Stage::kFind, i, At(100), At(200));
  EXPECT_EQ(recorder.profile().events.size(), 4U);
  EXPECT_EQ(recorder.profile().events.back().step, 3U);
  EXPECT_EQ(recorder.profile().dropped_events, 6U);
  EXPECT_EQ(recorder.profile().of(Stage::kFind).count(), 10U);
}

TEST(StageRecorder, WithoutATraceKeepsNoEventsAndDropsNone) {
  StageRecorder recorder(0, "", 0);
  recorder.Record(Stage::kFind, 1, At(100), At(300));
  EXPECT_TRUE(recorder.profile().events.empty());
  EXPECT_EQ(recorder.profile().dropped_events, 0U);
  EXPECT_EQ(recorder.profile().of(Stage::kFind).total_ns(), 200U);
}

TEST(StageRecorder, ElapsedTimeIsThatOfTheThreadsOwnSpans) {
  StageRecorder recorder(0, "", 0);
  recorder.Record(Stage::kPull, 1, At(50), At(900));
  recorder.Record(Stage::kPush, 1, At(100), At(300));
  recorder.Record(Stage::kRowGradients, 1, At(100), At(200));
  EXPECT_EQ(recorder.profile().first_ns, 100);
  EXPECT_EQ(recorder.profile().last_ns, 300);
}

TEST(StageRecorder, AnEndBeforeTheBeginCountsAsZero) {
  StageRecorder recorder(0, "", 1);
  recorder.Record(Stage::kPull, 1, At(200), At(100));
  EXPECT_EQ(recorder.profile().of(Stage::kPull).total_ns(), 0U);
  EXPECT_EQ(recorder.profile().events[0].duration_ns, 0U);
}

TEST(StageLog, ARecorderAThread) {
  StageLog log(8);
  StageRecorder& own = log.Recorder(2);
  StageRecorder& prefetch = log.Recorder(2, "batch prefetch");
  EXPECT_NE(&own, &prefetch);
  EXPECT_NE(&own, &log.Recorder(1));
  EXPECT_EQ(&own, &log.Recorder(2));
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      const auto span = prefetch.Measure(Stage::kMakeBatch);
    }
  });
  for (int i = 0; i < 100; ++i) {
    const auto span = own.Measure(Stage::kCompute);
  }
  other.join();
  const auto threads = log.TakeThreads();
  ASSERT_EQ(threads.size(), 3U);
  EXPECT_EQ(threads[0].of(Stage::kCompute).count(), 100U);
  EXPECT_EQ(threads[1].thread, "batch prefetch");
  EXPECT_EQ(threads[1].of(Stage::kMakeBatch).count(), 100U);
  EXPECT_EQ(threads[1].dropped_events, 92U);
}

}  // namespace
}  // namespace fathom
