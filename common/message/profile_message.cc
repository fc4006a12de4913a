#include "common/message/profile_message.h"

#include <cereal/types/array.hpp>

#include "common/message/control_archive.h"

namespace fathom {

template <typename Archive>
void serialize(Archive& archive, ClockReading& reading) {
  archive(reading.local_ns, reading.offset_ns, reading.round_trip_ns);
}
template <typename Archive>
void serialize(Archive& archive, StageLog::RoleTraffic& role) {
  archive(role.role, role.traffic.frames_sent, role.traffic.bytes_sent,
          role.traffic.bytes_received);
}
template <typename Archive>
void serialize(Archive& archive, TraceEvent& event) {
  auto stage = static_cast<std::uint8_t>(event.stage);
  archive(event.begin_ns, event.duration_ns, event.step, stage);
  if (stage >= kStages) Fail(ExitCode::kPeer, "a profile holds a stage of number {}", stage);
  event.stage = static_cast<Stage>(stage);
}
template <typename Archive>
void serialize(Archive& archive, ThreadProfile& thread) {
  archive(thread.role, thread.thread, thread.stages, thread.first_ns, thread.last_ns, thread.events,
          thread.dropped_events, thread.pulled_keys);
}
template <typename Archive>
void serialize(Archive& archive, ProfileMessage& message) {
  archive(message.processor_seconds, message.clock_at_start, message.clock_at_end, message.traffic,
          message.threads);
}

std::int64_t ProfileMessage::OnFirstRank(std::int64_t local_ns) const {
  const std::int64_t between = clock_at_end.local_ns - clock_at_start.local_ns;
  const std::int64_t drift = clock_at_end.offset_ns - clock_at_start.offset_ns;
  std::int64_t offset = clock_at_start.offset_ns;
  if (between > 0 && drift != 0) {
    offset += static_cast<std::int64_t>(static_cast<double>(drift) *
                                        static_cast<double>(local_ns - clock_at_start.local_ns) /
                                        static_cast<double>(between));
  }
  return local_ns + offset;
}

Buffer EncodeProfile(const ProfileMessage& message) { return EncodeControl(message); }

ProfileMessage DecodeProfile(std::span<const std::byte> payload) {
  return DecodeControl<ProfileMessage>(payload);
}

}  // namespace fathom
