#include "common/profile/stage_recorder.h"

#include <algorithm>

namespace fathom {

StageRecorder::StageRecorder(RoleId role, std::string thread, std::size_t max_events)
    : max_events_(max_events) {
  profile_.role = role;
  profile_.thread = std::move(thread);
  profile_.events.reserve(max_events);  // growing would show in the trace
}

void StageRecorder::Record(Stage stage, std::uint64_t step, Clock::time_point begin,
                           Clock::time_point end) {
  const std::int64_t begin_ns = Nanoseconds(begin);
  const std::int64_t end_ns = std::max(begin_ns, Nanoseconds(end));
  const auto duration_ns = static_cast<std::uint64_t>(end_ns - begin_ns);
  profile_.stages[static_cast<std::size_t>(stage)].Add(duration_ns);
  if (!Overlaps(stage)) {
    if (profile_.first_ns == 0) profile_.first_ns = begin_ns;
    profile_.first_ns = std::min(profile_.first_ns, begin_ns);
    profile_.last_ns = std::max(profile_.last_ns, end_ns);
  }
  if (max_events_ == 0) return;
  if (profile_.events.size() == max_events_) {
    ++profile_.dropped_events;
    return;
  }
  profile_.events.push_back(
      {.begin_ns = begin_ns, .duration_ns = duration_ns, .step = step, .stage = stage});
}

}  // namespace fathom
