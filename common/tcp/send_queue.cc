#include "common/tcp/send_queue.h"

#include <utility>

#include "common/error.h"

namespace fathom {

KeptFrame MakeOutgoing(Frame frame) {
  auto outgoing = std::make_shared<OutgoingFrame>();
  EncodeHeader(frame, outgoing->header);
  outgoing->payload = std::move(frame.payload);
  return outgoing;
}

void SendQueue::TakeUnwritten(std::size_t most, std::vector<KeptFrame>* frames) {
  while (frames->size() < most && !all_written() &&
         unacknowledged_bytes_ <= kMaxUnacknowledgedBytes) {
    const KeptFrame& next = kept_[static_cast<std::size_t>(written_ - acknowledged_)];
    unacknowledged_bytes_ += next->bytes();
    ++written_;
    frames->push_back(next);
  }
}

std::vector<KeptFrame> SendQueue::Acknowledge(std::uint64_t number) {
  if (number > written_) {
    Fail(ExitCode::kPeer, "it says that it has received {} frames, but only {} were sent to it",
         number, written_);
  }
  if (number < acknowledged_) {
    Fail(ExitCode::kPeer,
         "it says that it has received {} frames, after it had said {}: the frames between are "
         "kept no longer",
         number, acknowledged_);
  }
  std::vector<KeptFrame> dropped;
  for (; acknowledged_ < number; ++acknowledged_) {
    unacknowledged_bytes_ -= kept_.front()->bytes();
    dropped.push_back(std::move(kept_.front()));
    kept_.pop_front();
  }
  return dropped;
}

std::vector<KeptFrame> SendQueue::Resume(std::uint64_t number) {
  std::vector<KeptFrame> dropped = Acknowledge(number);
  written_ = acknowledged_;
  unacknowledged_bytes_ = 0;
  return dropped;
}

}  // namespace fathom
