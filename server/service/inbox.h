// The frames that a server gets, in the order in which they come. While it waits for one that it
// has asked for, the others are kept. Thread rule: the server's thread.
#pragma once

#include <deque>
#include <optional>
#include <utility>

#include "common/net/mailbox.h"

namespace fathom {

class Inbox {
 public:
  explicit Inbox(Mailbox& mailbox) : mailbox_(mailbox) {}

  // The next one; nothing: none has come until then.
  std::optional<Frame> Take(Deadline until) {
    if (kept_.empty()) return mailbox_.Take(until);
    Frame frame = std::move(kept_.front());
    kept_.pop_front();
    return frame;
  }

  // The next one of those still to come for which `wanted` holds.
  template <typename Wanted>
  std::optional<Frame> TakeWanted(Deadline until, const Wanted& wanted) {
    while (auto frame = mailbox_.Take(until)) {
      if (wanted(*frame)) return frame;
      kept_.push_back(std::move(*frame));
    }
    return std::nullopt;
  }

 private:
  Mailbox& mailbox_;
  std::deque<Frame> kept_;
};

}  // namespace fathom
