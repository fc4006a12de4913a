// What a transport keeps of each role of its process: its mailbox and what it sent and received.
#pragma once

#include <atomic>
#include <cstdint>

#include "common/mailbox.h"
#include "common/transport.h"

namespace fathom {

struct RoleInbox {
  Mailbox mailbox;
  std::atomic<std::uint64_t> frames_sent{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> bytes_received{0};

  void CountSent(const Frame& frame) {
    frames_sent += 1;
    bytes_sent += kFrameHeaderBytes + frame.payload.size();
  }
  void Deliver(Frame frame) {
    bytes_received += kFrameHeaderBytes + frame.payload.size();
    mailbox.Put(std::move(frame));
  }
  TrafficCount Count() const {
    return {.frames_sent = frames_sent, .bytes_sent = bytes_sent, .bytes_received = bytes_received};
  }
};

}  // namespace fathom
