#include "tests/simulation/simulated_network.h"

#include <algorithm>
#include <cstring>

#include "tests/simulation/simulated_clock.h"

namespace fathom::simulation {
namespace {

Frame Copy(const Frame& frame) {
  Frame copy{.type = frame.type,
             .source = frame.source,
             .destination = frame.destination,
             .step = frame.step,
             .payload = Buffer(frame.payload.size())};
  if (frame.payload.size() > 0)
    std::memcpy(copy.payload.data(), frame.payload.data(), frame.payload.size());
  return copy;
}

}  // namespace

std::optional<Frame> Network::Inbox::Take(Deadline deadline) {
  while (frames.empty() && pump && pump()) {
  }
  if (frames.empty()) {
    if (pump) AdvanceClock(deadline);
    return std::nullopt;
  }
  Frame frame = std::move(frames.front());
  frames.pop_front();
  return frame;
}

Network::Network(int roles, Random& random, std::function<bool()> pump) : random_(random) {
  for (int role = 0; role < roles; ++role) inboxes_.push_back(std::make_unique<Inbox>());
  inboxes_.front()->pump = std::move(pump);  // the coordinator's
}

void Network::Send(Frame frame) {
  const std::pair pair(frame.source, frame.destination);
  if (crashed_.count(frame.source) + crashed_.count(frame.destination) + cut_.count(pair) > 0)
    return;
  on_their_way_[pair].push_back(std::move(frame));
}

bool Network::DeliverOne() {
  std::vector<std::deque<Frame>*> pairs;
  for (auto& [pair, frames] : on_their_way_) {
    if (!frames.empty() && cut_.count(pair) == 0) pairs.push_back(&frames);
  }
  if (pairs.empty()) return false;
  auto& frames = *pairs[random_() % pairs.size()];
  Frame frame = std::move(frames.front());
  frames.pop_front();
  if (repeat_ == frame.destination) {
    repeat_.reset();
    Deliver(Copy(frame));
  }
  Deliver(std::move(frame));
  return true;
}

void Network::Deliver(Frame frame) {
  auto& inbox = *inboxes_.at(frame.destination);
  inbox.frames.push_back(std::move(frame));
  most_waiting_ = std::max(most_waiting_, inbox.frames.size());
}

void Network::Crash(RoleId role) {
  crashed_.insert(role);
  for (auto& [pair, frames] : on_their_way_) {
    if (pair.first == role || pair.second == role) frames.clear();
  }
  inboxes_.at(role)->frames.clear();
  for (RoleId other = 0; other < inboxes_.size(); ++other) {
    if (crashed_.count(other) > 0) continue;
    Deliver({.type = FrameType::kPeerLost,
             .source = role,
             .destination = other,
             .step = 0,
             .payload = {}});
  }
}

}  // namespace fathom::simulation
