#include "common/profile/stage_log.h"

namespace fathom {

StageRecorder& StageLog::Recorder(RoleId role, const std::string& thread) {
  const std::lock_guard lock(mutex_);
  for (StageRecorder& recorder : recorders_) {
    if (recorder.profile().role == role && recorder.profile().thread == thread) return recorder;
  }
  return recorders_.emplace_back(role, thread, max_events_);
}

void StageLog::CountTraffic(RoleId role, const TrafficCount& traffic) {
  const std::lock_guard lock(mutex_);
  traffic_.push_back({role, traffic});
}

std::vector<ThreadProfile> StageLog::TakeThreads() {
  const std::lock_guard lock(mutex_);
  std::vector<ThreadProfile> threads;
  for (StageRecorder& recorder : recorders_) threads.push_back(recorder.Take());
  recorders_.clear();
  return threads;
}

}  // namespace fathom
