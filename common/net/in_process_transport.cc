#include "common/net/in_process_transport.h"

namespace fathom {

InProcessTransport::InProcessTransport(int roles)
    : mailboxes_(static_cast<std::size_t>(roles)), traffic_(static_cast<std::size_t>(roles)) {}

void InProcessTransport::Send(Frame frame) {
  {
    const std::uint64_t bytes = kFrameHeaderBytes + frame.payload.size();
    const std::lock_guard lock(mutex_);
    traffic_.at(frame.source).frames_sent += 1;
    traffic_.at(frame.source).bytes_sent += bytes;
    traffic_.at(frame.destination).bytes_received += bytes;
  }
  mailboxes_.at(frame.destination).Put(std::move(frame));
}

TrafficCount InProcessTransport::traffic(RoleId role) const {
  const std::lock_guard lock(mutex_);
  return traffic_.at(role);
}

}  // namespace fathom
