#include "common/run/peers.h"

#include <utility>

namespace fathom {
namespace {

// The place of a role among `count` that follow each other from `first`.
std::optional<int> PlaceOf(RoleId role, RoleId first, int count) {
  const int place = static_cast<int>(role) - static_cast<int>(first);
  return place >= 0 && place < count ? std::optional(place) : std::nullopt;
}

}  // namespace

void Peers::Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload) const {
  context_.transport.Send({.type = type,
                           .source = self_,
                           .destination = to,
                           .step = step,
                           .payload = std::move(payload)});
}

void Peers::SendToAll(RoleKind kind, FrameType type, std::uint64_t step) const {
  for (const Role& role : context_.layout.roles) {
    if (role.kind == kind) Send(type, role.id, step);
  }
}

std::optional<int> Peers::WorkerOf(const Frame& frame) const {
  return PlaceOf(frame.source, context_.layout.worker(0), context_.layout.workers);
}

std::optional<int> Peers::ServerOf(const Frame& frame) const {
  return PlaceOf(frame.source, context_.layout.server(0), context_.layout.servers);
}

}  // namespace fathom
