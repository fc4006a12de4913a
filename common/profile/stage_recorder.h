// Measures the stages of one thread: always their latencies, and each single one if traced.
//
//   const auto span = recorder.Measure(Stage::kCompute, step);   // until the end of the block
//   auto span = recorder.Measure(Stage::kBatchWait, step);       // or stages one after another:
//   ...
//   span.Next(Stage::kPullWait);
//
// Thread rule: a recorder belongs to one thread, a span to the recorder's thread; no locks. A span
// costs two readings of the clock and a few additions, and the recorder must outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "common/net/mailbox.h"
#include "common/profile/latency_histogram.h"
#include "common/profile/stage.h"
#include "common/schedule/layout.h"

namespace fathom {

inline constexpr std::uint64_t kNoStep = ~std::uint64_t{0};

// What a traced thread keeps, 32 B each; later spans are counted as dropped.
inline constexpr std::size_t kMaxTraceEvents = 1 << 18;

// One span of one stage.
struct TraceEvent {
  std::int64_t begin_ns = 0;  // on the clock of its host
  std::uint64_t duration_ns = 0;
  std::uint64_t step = kNoStep;
  Stage stage = Stage::kIdle;
};

// What a thread measured.
struct ThreadProfile {
  RoleId role = 0;
  std::string thread;  // empty: the role's own
  std::array<LatencyHistogram, kStages> stages;
  std::int64_t first_ns = 0;  // from the first span's begin ...
  std::int64_t last_ns = 0;   // ... to the last one's end
  std::vector<TraceEvent> events;
  std::uint64_t dropped_events = 0;
  std::uint64_t pulled_keys = 0;  // a worker's: named by its training batches

  const LatencyHistogram& of(Stage stage) const { return stages[static_cast<std::size_t>(stage)]; }
};

class StageRecorder {
 public:
  class Span;

  // `max_events`: spans kept for a trace; 0: no trace.
  StageRecorder(RoleId role, std::string thread, std::size_t max_events);
  StageRecorder(const StageRecorder&) = delete;
  StageRecorder& operator=(const StageRecorder&) = delete;

  // Measures from now until the span's end.
  [[nodiscard]] Span Measure(Stage stage, std::uint64_t step = kNoStep);

  // A span whose ends were measured otherwise. One that ends before its begin counts as 0 long.
  void Record(Stage stage, std::uint64_t step, Clock::time_point begin, Clock::time_point end);

  void CountKeys(std::uint64_t keys) { profile_.pulled_keys += keys; }

  const ThreadProfile& profile() const { return profile_; }
  ThreadProfile Take() { return std::move(profile_); }

 private:
  std::size_t max_events_;
  ThreadProfile profile_;
};

class StageRecorder::Span {
 public:
  Span(StageRecorder& recorder, Stage stage, std::uint64_t step)
      : recorder_(&recorder), stage_(stage), step_(step), begin_(Clock::now()) {}
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;
  ~Span() { End(); }

  // Ends this stage and begins another at the same instant.
  void Next(Stage stage) {
    const auto now = Clock::now();
    if (recorder_ != nullptr) recorder_->Record(stage_, step_, begin_, now);
    stage_ = stage;
    begin_ = now;
  }

  // Ends before its block does; what follows is not measured.
  void End() {
    if (recorder_ != nullptr) recorder_->Record(stage_, step_, begin_, Clock::now());
    recorder_ = nullptr;
  }

 private:
  StageRecorder* recorder_;  // null: has ended
  Stage stage_;
  std::uint64_t step_;
  Clock::time_point begin_;
};

inline StageRecorder::Span StageRecorder::Measure(Stage stage, std::uint64_t step) {
  return {*this, stage, step};
}

// The clock that spans are measured by, in nanoseconds.
inline std::int64_t Nanoseconds(Clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count();
}

}  // namespace fathom
