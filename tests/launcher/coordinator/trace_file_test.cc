#include "launcher/coordinator/trace_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using nlohmann::json;
using testing::ExpectError;
using testing::ScratchDir;

Clock::time_point AtNs(std::int64_t ns) { return Clock::time_point(std::chrono::nanoseconds(ns)); }

json Read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return json::parse(in);
}

std::vector<json> Events(const json& trace, const std::string& phase) {
  std::vector<json> events;
  for (const json& event : trace.at("traceEvents")) {
    if (event.at("ph") == phase) events.push_back(event);
  }
  return events;
}

class TraceFileTest : public ::testing::Test {
 protected:
  // The coordinator and a server; a worker.
  Layout layout_ = MakeLayout({"host \"a\"\n",
                               "host\xff"
                               "b"},
                              {});
  ScratchDir dir_;
  std::filesystem::path file_ = dir_.path() / "trace.json";
};

TEST_F(TraceFileTest, RanksAreProcessesAndThreadsHaveNames) {
  TraceFile trace(file_, layout_, 0);
  for (int rank = 0; rank < 2; ++rank) {
    ProfileMessage message;
    for (const Role& role : layout_.roles) {
      if (role.rank == rank) message.threads.push_back(StageRecorder(role.id, "", 4).Take());
    }
    if (rank == 1) message.threads.push_back(StageRecorder(2, "batch prefetch", 4).Take());
    trace.Add(rank, message);
  }
  EXPECT_FALSE(std::filesystem::exists(file_));
  trace.Finish();
  std::vector<std::string> names;
  for (const json& event : Events(Read(file_), "M")) names.push_back(event["args"]["name"]);
  EXPECT_EQ(names, (std::vector<std::string>{"rank 0 on host \"a\"\n: coordinator, server 0",
                                             "coordinator", "server 0",
                                             "rank 1 on host\xEF\xBF\xBD"
                                             "b: worker 0",
                                             "worker 0", "worker 0, batch prefetch"}));
}

TEST_F(TraceFileTest, SpansOnTheClockOfRankZero) {
  StageRecorder recorder(2, "", 4);
  recorder.Record(Stage::kCompute, 7, AtNs(5001234), AtNs(5003234));
  recorder.Record(Stage::kEvaluation, kNoStep, AtNs(5004000), AtNs(5004001));
  ProfileMessage message;
  message.clock_at_start = {.local_ns = 5000000, .offset_ns = -4000000, .round_trip_ns = 10};
  message.threads.push_back(recorder.Take());
  TraceFile trace(file_, layout_, 1000000);
  trace.Add(1, message);
  trace.Finish();
  const auto spans = Events(Read(file_), "X");
  ASSERT_EQ(spans.size(), 2U);
  EXPECT_EQ(spans[0], json::parse(R"({"ph": "X", "name": "compute", "pid": 1, "tid": 1,
                                      "ts": 1.234, "dur": 2.0, "args": {"step": 7}})"));
  EXPECT_EQ(spans[1]["name"], "evaluation");
  EXPECT_EQ(spans[1]["dur"], 0.001);
  EXPECT_TRUE(spans[1]["args"].empty());
}

TEST_F(TraceFileTest, SpansThatTouchStillDoOnAClockThatDrifts) {
  StageRecorder recorder(2, "", 1000);
  for (int i = 0; i < 1000; ++i)
    recorder.Record(Stage::kCompute, 0, AtNs(1000 + 777 * i), AtNs(1777 + 777 * i));
  ProfileMessage message;
  message.clock_at_start = {.local_ns = 0, .offset_ns = 0};
  message.clock_at_end = {.local_ns = 1000000, .offset_ns = 1234};
  message.threads.push_back(recorder.Take());
  TraceFile trace(file_, layout_, 0);
  trace.Add(1, message);
  trace.Finish();
  const auto nanoseconds = [](const json& value) { return std::llround(1000 * double{value}); };
  const auto spans = Events(Read(file_), "X");
  for (std::size_t i = 1; i < spans.size(); ++i) {
    EXPECT_EQ(nanoseconds(spans[i]["ts"]),
              nanoseconds(spans[i - 1]["ts"]) + nanoseconds(spans[i - 1]["dur"]));
  }
}

TEST_F(TraceFileTest, PullsHaveABeginAndAnEndSinceTheyOverlapWithOtherSpans) {
  StageRecorder recorder(2, "", 4);
  recorder.Record(Stage::kPull, 7, AtNs(1000), AtNs(9000));
  ProfileMessage message;
  message.threads.push_back(recorder.Take());
  TraceFile trace(file_, layout_, 2000);
  trace.Add(1, message);
  trace.Finish();
  const auto begins = Events(Read(file_), "b");
  const auto ends = Events(Read(file_), "e");
  ASSERT_EQ(begins.size(), 1U);
  ASSERT_EQ(ends.size(), 1U);
  EXPECT_EQ(begins[0]["ts"], -1.0);
  EXPECT_EQ(ends[0]["ts"], 7.0);
  EXPECT_EQ(begins[0]["id"], ends[0]["id"]);
}

TEST_F(TraceFileTest, WhatWasDroppedIsSaid) {
  StageRecorder recorder(1, "", 2);
  for (int i = 0; i < 5; ++i) recorder.Record(Stage::kFind, 0, AtNs(i), AtNs(i + 1));
  ProfileMessage message;
  message.threads.push_back(recorder.Take());
  TraceFile trace(file_, layout_, 0);
  trace.Add(0, message);
  trace.Finish();
  const json read = Read(file_);
  EXPECT_EQ(Events(read, "X").size(), 2U);
  EXPECT_EQ(read["otherData"]["dropped_events"], 3);
  const json& note = read["otherData"]["ranks"].back();
  EXPECT_EQ(note["thread"], "server 0");
  EXPECT_EQ(note["dropped_events"], 3);
}

TEST_F(TraceFileTest, AFolderThatIsNotThere) {
  ExpectError(ExitCode::kTraining, {"none", "trace.json"},
              [&] { TraceFile(dir_.path() / "none" / "trace.json", layout_, 0); });
}

}  // namespace
}  // namespace fathom
