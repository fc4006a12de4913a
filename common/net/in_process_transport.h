// Frames between roles of one process: handed over as they are.
#pragma once

#include <deque>
#include <mutex>
#include <vector>

#include "common/net/transport.h"

namespace fathom {

class InProcessTransport : public Transport {
 public:
  explicit InProcessTransport(int roles);

  void Send(Frame frame) override;
  Mailbox& mailbox(RoleId role) override { return mailboxes_.at(role); }
  void Flush(Deadline) override {}
  TrafficCount traffic(RoleId role) const override;

 private:
  std::deque<Mailbox> mailboxes_;  // by role
  mutable std::mutex mutex_;
  std::vector<TrafficCount> traffic_;
};

}  // namespace fathom
