// The roles of one rank as a transport between ranks sees them: their mailboxes, what each sent
// and received, and whether the run has ended in order. What TCP and MPI have in common.
//
// Thread rule: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/net/mailbox.h"
#include "common/net/transport.h"
#include "common/schedule/layout.h"

namespace fathom {

class LocalRoles {
 public:
  LocalRoles(const Layout& layout, int rank);

  const Layout& layout() const { return layout_; }
  int rank() const { return rank_; }
  bool IsHere(RoleId role) const {
    return role < layout_.roles.size() && layout_.roles[role].rank == rank_;
  }
  Mailbox& mailbox(RoleId role);
  TrafficCount traffic(RoleId role) const;

  // kStop was sent or received: from now on a rank that ends its connection is not lost.
  bool ended() const { return ended_; }

  // The first part of every Send: counts the frame and delivers it if its role is here. Returns
  // whether it did. Throws Error(kTraining): the frame is over the limit.
  bool SendHere(Frame* frame);

  // A frame that came for a role of this rank.
  void Deliver(Frame frame);

  // Tells the roles here that those of `rank` are gone, unless the run has ended.
  void Lose(int rank, const std::string& reason);

  // A frame from transport to transport: kGoodbye, kBeat.
  Frame Note(FrameType type, int rank) const;

 private:
  struct Inbox {
    Mailbox mailbox;
    std::atomic<std::uint64_t> frames_sent{0};
    std::atomic<std::uint64_t> bytes_sent{0};
    std::atomic<std::uint64_t> bytes_received{0};
  };

  Inbox& Of(RoleId role) const;
  RoleId FirstRoleOf(int rank) const;

  const Layout layout_;
  const int rank_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;  // by role; null: of another rank
  std::atomic<bool> ended_{false};
};

}  // namespace fathom
