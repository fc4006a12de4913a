// A role's inbox: frames from any thread, taken by the role's own thread in order of arrival.
// Virtual, so that a simulator can let the other roles go on while one waits.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>

#include "common/deadline.h"
#include "common/net/frame.h"

namespace fathom {

class Mailbox {
 public:
  virtual ~Mailbox() = default;

  void Put(Frame frame);

  // Waits, asleep, until a frame is there or the deadline has passed; then nothing.
  virtual std::optional<Frame> Take(Deadline deadline);

 private:
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<Frame> frames_;
};

}  // namespace fathom
