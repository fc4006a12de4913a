#include "common/net/mailbox.h"

#include <utility>

namespace fathom {

void Mailbox::Put(Frame frame) {
  frame.arrived = Clock::now();
  {
    const std::lock_guard lock(mutex_);
    frames_.push_back(std::move(frame));
  }
  filled_.notify_one();
}

std::optional<Frame> Mailbox::Take(Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!filled_.wait_until(lock, deadline, [&] { return !frames_.empty(); })) return std::nullopt;
  Frame frame = std::move(frames_.front());
  frames_.pop_front();
  lock.unlock();
  frame.held.reset();
  return frame;
}

}  // namespace fathom
