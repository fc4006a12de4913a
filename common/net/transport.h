// Carries whole frames between the roles of a run. Nothing above it knows which transport runs.
//
// Thread rule: Send and the mailboxes may be used from any thread. Frames from one role to
// another arrive whole, once and in the order sent, or the receiver gets a kPeerLost frame
// (source: the lost role) and nothing from that role after it. Failure: what each transport's
// header says; a lost peer is no exception but a kPeerLost frame.
#pragma once

#include <cstdint>

#include "common/net/frame.h"
#include "common/net/mailbox.h"

namespace fathom {

struct TrafficCount {
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_sent = 0;  // payloads and headers, also those handed over in process
  std::uint64_t bytes_received = 0;
};

// Who has nothing else to send says so often within a timeout that it is alive.
inline constexpr int kBeatsATimeout = 5;

class Transport {
 public:
  virtual ~Transport() = default;

  // Takes the frame over and returns at once; the frame is delivered to the mailbox of
  // frame.destination. A frame to a peer that is lost is dropped: its kPeerLost tells.
  virtual void Send(Frame frame) = 0;

  // The inbox of a role that lives in this process.
  virtual Mailbox& mailbox(RoleId role) = 0;

  // Waits until what was sent has left this process, or the deadline.
  virtual void Flush(Deadline deadline) = 0;

  // Of the role, since the start.
  virtual TrafficCount traffic(RoleId role) const = 0;
};

}  // namespace fathom
