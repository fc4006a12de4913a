// rank -> rank 0, once the run is over: what the rank's threads measured. Goes through cereal over
// a bounded archive.
#pragma once

#include <span>
#include <vector>

#include "common/buffer.h"
#include "common/profile/stage_log.h"

namespace fathom {

// A rank's clock against that of rank 0.
struct ClockReading {
  std::int64_t local_ns = 0;
  std::int64_t offset_ns = 0;      // to be added to the local time
  std::int64_t round_trip_ns = 0;  // the offset is off by half of it at most; 0: the same clock
};

struct ProfileMessage {
  double processor_seconds = 0;  // user and system
  ClockReading clock_at_start;
  ClockReading clock_at_end;
  std::vector<StageLog::RoleTraffic> traffic;
  std::vector<ThreadProfile> threads;

  // A time of this rank on the clock of rank 0: between the readings the offset is taken to change
  // evenly, since clocks drift.
  std::int64_t OnFirstRank(std::int64_t local_ns) const;
};

Buffer EncodeProfile(const ProfileMessage& message);
// Throws Error(kPeer): too short, too long, or a stage that does not exist.
ProfileMessage DecodeProfile(std::span<const std::byte> payload);

}  // namespace fathom
