// A network of one thread: what is sent waits until the simulator delivers it. From one role to
// another frames keep their order; between pairs of roles any order may come about.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "common/net/transport.h"

namespace fathom::simulation {

using Random = std::mt19937_64;

class Network : public Transport {
 public:
  // `pump` lets the others go on while a role of this thread waits in Take: it does one thing, or
  // returns false where nothing is left to do before the deadline, which is then reached at once.
  Network(int roles, Random& random, std::function<bool()> pump);

  void Send(Frame frame) override;
  Mailbox& mailbox(RoleId role) override { return *inboxes_.at(role); }
  void Flush(Deadline) override {}
  TrafficCount traffic(RoleId) const override { return {}; }

  // Delivers the next frame of a pair that has one, at random. False: none is on its way.
  bool DeliverOne();

  // One of the roles, at random, whose inbox has frames; the coordinator takes its own. Nothing: no
  // inbox has any.
  std::optional<RoleId> OneWithFrames();

  // The role takes no more frames.
  void Close(RoleId role);

  // The role is gone: what it sent and was not delivered is lost, what is sent to it too, and every
  // other role hears of it.
  void Crash(RoleId role);

  // Nothing more goes from one to the other, and nobody is told.
  void Cut(RoleId from, RoleId to);

  // The frame delivered next to a role comes twice.
  void RepeatNext(RoleId to) { repeat_ = to; }

  std::size_t most_waiting() const { return most_waiting_; }  // frames in one inbox, ever
  std::uint64_t sent(FrameType type) const {
    const auto found = sent_.find(type);
    return found == sent_.end() ? 0 : found->second;
  }

 private:
  struct Inbox : Mailbox {
    std::optional<Frame> Take(Deadline deadline) override;
    std::deque<Frame> frames;
    std::function<bool()> pump;  // null: Take does not wait
    bool listed = false;         // in with_frames_, where it stays until it is seen to be empty
  };

  // From one role to another.
  using Pair = std::pair<RoleId, RoleId>;
  struct Way {
    std::deque<Frame> frames;
    bool listed = false;  // in busy_, likewise
  };

  void Deliver(Frame frame);

  Random& random_;
  std::vector<std::unique_ptr<Inbox>> inboxes_;
  std::map<Pair, Way> on_their_way_;
  std::vector<Way*> busy_;           // those that have frames, and some that have not
  std::vector<RoleId> with_frames_;  // likewise; without the coordinator
  std::map<FrameType, std::uint64_t> sent_;
  std::set<Pair> cut_;
  std::set<RoleId> crashed_;
  std::set<RoleId> closed_;
  std::optional<RoleId> repeat_;
  std::size_t most_waiting_ = 0;
};

}  // namespace fathom::simulation
