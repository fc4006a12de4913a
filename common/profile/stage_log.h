// What the threads of one process measure in a run.
//
// Thread rule: Recorder and CountTraffic from any thread; a recorder is then its thread's own and
// stays where it is. TakeThreads once those threads have ended.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "common/net/transport.h"
#include "common/profile/stage_recorder.h"

namespace fathom {

class StageLog {
 public:
  // `max_events`: spans that each thread keeps for a trace; 0: no trace.
  explicit StageLog(std::size_t max_events = 0) : max_events_(max_events) {}

  // The recorder of one of the role's threads; asked again, the same one. The role's own thread
  // has no name.
  StageRecorder& Recorder(RoleId role, const std::string& thread = "");

  // What the role sent and received in the whole run.
  void CountTraffic(RoleId role, const TrafficCount& traffic);

  struct RoleTraffic {
    RoleId role = 0;
    TrafficCount traffic;
  };
  const std::vector<RoleTraffic>& traffic() const { return traffic_; }

  // Hands over what the threads measured; their recorders are not to be used any more.
  std::vector<ThreadProfile> TakeThreads();

 private:
  std::size_t max_events_;
  std::mutex mutex_;
  std::deque<StageRecorder> recorders_;
  std::vector<RoleTraffic> traffic_;
};

}  // namespace fathom
