#include "tests/simulation/simulated_network.h"

#include <algorithm>
#include <cstring>
#include <utility>

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

// One of the listed, at random, that still belongs there; those that do not are taken off. Null:
// none is left. However many there are it takes as long.
template <typename T, typename Stays>
const T* OneThat(std::vector<T>& list, Random& random, const Stays& stays) {
  while (!list.empty()) {
    T& one = list[random() % list.size()];
    if (stays(one)) return &one;
    one = list.back();
    list.pop_back();
  }
  return nullptr;
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
  const Pair pair(frame.source, frame.destination);
  ++sent_[frame.type];
  if (crashed_.count(frame.source) + crashed_.count(frame.destination) + cut_.count(pair) > 0)
    return;
  Way& way = on_their_way_[pair];
  way.frames.push_back(std::move(frame));
  if (!std::exchange(way.listed, true)) busy_.push_back(&way);
}

bool Network::DeliverOne() {
  Way* const* const one =
      OneThat(busy_, random_, [](Way* way) { return way->listed = !way->frames.empty(); });
  if (one == nullptr) return false;
  auto& frames = (*one)->frames;
  Frame frame = std::move(frames.front());
  frames.pop_front();
  if (repeat_ == frame.destination) {
    repeat_.reset();
    Deliver(Copy(frame));
  }
  Deliver(std::move(frame));
  return true;
}

std::optional<RoleId> Network::OneWithFrames() {
  const RoleId* const one = OneThat(with_frames_, random_, [this](RoleId role) {
    Inbox& inbox = *inboxes_[role];
    return inbox.listed = !inbox.frames.empty();
  });
  return one == nullptr ? std::nullopt : std::optional(*one);
}

void Network::Close(RoleId role) {
  closed_.insert(role);
  inboxes_.at(role)->frames.clear();
}

void Network::Cut(RoleId from, RoleId to) {
  cut_.insert({from, to});
  on_their_way_[{from, to}].frames.clear();
}

void Network::Deliver(Frame frame) {
  const RoleId role = frame.destination;
  if (closed_.count(role) > 0) return;
  auto& inbox = *inboxes_.at(role);
  inbox.frames.push_back(std::move(frame));
  if (!inbox.pump && !std::exchange(inbox.listed, true)) with_frames_.push_back(role);
  most_waiting_ = std::max(most_waiting_, inbox.frames.size());
}

void Network::Crash(RoleId role) {
  crashed_.insert(role);
  for (auto& [pair, way] : on_their_way_) {
    if (pair.first == role || pair.second == role) way.frames.clear();
  }
  Close(role);
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
