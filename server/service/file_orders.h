// A server's orders for files in rank 0's folder (common/message/file_order.h), and the answers.
//
// At most kMaxUnanswered orders are on their way: neither side holds more of a file in memory.
// Thread rule: the server's thread. Failure: Error(kModel) with what the coordinator could not do;
// Error(kPeer) where it is lost, or answers nothing for twice cluster.timeout_seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "common/message/file_answer.h"
#include "common/message/file_order.h"
#include "common/run/peers.h"
#include "common/run/run_context.h"
#include "server/service/inbox.h"

namespace fathom {

class FileOrders {
 public:
  // For the save of this step. `alive` is called now and then while it waits.
  FileOrders(const RunContext& context, const Peers& peers, Inbox* inbox, std::uint64_t step,
             std::function<void()> alive)
      : context_(context), peers_(peers), inbox_(*inbox), step_(step), alive_(std::move(alive)) {}

  // Sends it; waits only while too many are on their way. What failed is thrown by a later call.
  void Send(const FileOrder& order);

  // Sends it and waits for all answers; returns what the last says.
  bool Ask(const FileOrder& order);

  // Waits until all are answered, and throws nothing that an answer says: whoever gives up a save
  // must not leave answers to it behind.
  void Settle();

 private:
  void Await(int unanswered);
  FileAnswer Take();

  const RunContext& context_;
  const Peers& peers_;
  Inbox& inbox_;
  std::uint64_t step_;
  std::function<void()> alive_;
  int unanswered_ = 0;
  bool done_ = false;    // as the last answer says
  std::string failure_;  // the first
};

}  // namespace fathom
