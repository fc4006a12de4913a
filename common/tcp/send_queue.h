// The frames to one other rank, in the order sent and numbered from 1. Each is kept until that rank
// has said that it has it, so that a new connection goes on where the old one broke.
//
// Thread rule: its owner locks. Ownership: a payload is moved in and never copied; whoever writes a
// frame shares it with the queue.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "common/net/frame.h"

namespace fathom {

// Of frames written and not yet acknowledged: while there are more bytes than these, nothing more
// is written. So a rank that acknowledges nothing holds these bytes and one more frame.
inline constexpr std::uint64_t kMaxUnacknowledgedBytes = 1ull << 28;

struct OutgoingFrame {
  std::array<std::byte, kFrameHeaderBytes> header;
  Buffer payload;

  std::uint64_t bytes() const { return header.size() + payload.size(); }
};
using KeptFrame = std::shared_ptr<const OutgoingFrame>;

KeptFrame MakeOutgoing(Frame frame);

class SendQueue {
 public:
  void Push(KeptFrame frame) { kept_.push_back(std::move(frame)); }

  // Adds to `frames` what is to be written next, in order, until there are `most` of them.
  void TakeUnwritten(std::size_t most, std::vector<KeptFrame>* frames);

  // The other rank has the frames up to this number. Returns those that need not be kept any
  // longer. Throws Error(kPeer) where the number was never written, or is less than it said before.
  std::vector<KeptFrame> Acknowledge(std::uint64_t number);

  // A new connection: Acknowledge, and what follows the number counts as unwritten.
  std::vector<KeptFrame> Resume(std::uint64_t number);

  bool all_written() const { return written_ - acknowledged_ == kept_.size(); }
  bool all_acknowledged() const { return kept_.empty(); }
  std::uint64_t written() const { return written_; }

 private:
  std::deque<KeptFrame> kept_;              // from number acknowledged_ + 1
  std::uint64_t acknowledged_ = 0;          // the last frame that the other rank has
  std::uint64_t written_ = 0;               // the last frame taken to be written
  std::uint64_t unacknowledged_bytes_ = 0;  // of frames acknowledged_ + 1 to written_
};

}  // namespace fathom
