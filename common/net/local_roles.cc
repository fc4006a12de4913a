#include "common/net/local_roles.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/check.h"
#include "common/error.h"

namespace fathom {

LocalRoles::LocalRoles(const Layout& layout, int rank)
    : layout_(layout), rank_(rank), inboxes_(layout.roles.size()) {
  for (const Role& role : layout_.roles) {
    if (role.rank == rank) inboxes_[role.id] = std::make_unique<Inbox>();
  }
}

LocalRoles::Inbox& LocalRoles::Of(RoleId role) const {
  FATHOM_CHECK(IsHere(role));
  return *inboxes_[role];
}

Mailbox& LocalRoles::mailbox(RoleId role) { return Of(role).mailbox; }

TrafficCount LocalRoles::traffic(RoleId role) const {
  const Inbox& counted = Of(role);
  return {.frames_sent = counted.frames_sent,
          .bytes_sent = counted.bytes_sent,
          .bytes_received = counted.bytes_received};
}

bool LocalRoles::SendHere(Frame* frame) {
  if (frame->payload.size() > kMaxFrameBytes) {
    Fail(ExitCode::kTraining,
         "a frame of {} bytes from {} to {} is over the limit of {}: use a smaller "
         "train.batch_size, or more servers",
         frame->payload.size(), RoleName(layout_.roles[frame->source]),
         RoleName(layout_.roles.at(frame->destination)), kMaxFrameBytes);
  }
  if (frame->type == FrameType::kStop) ended_ = true;
  Inbox& from = Of(frame->source);
  from.frames_sent += 1;
  from.bytes_sent += kFrameHeaderBytes + frame->payload.size();
  if (!IsHere(frame->destination)) return false;
  Deliver(std::move(*frame));
  return true;
}

void LocalRoles::Deliver(Frame frame) {
  if (frame.type == FrameType::kStop) ended_ = true;
  Inbox& to = Of(frame.destination);
  to.bytes_received += kFrameHeaderBytes + frame.payload.size();
  to.mailbox.Put(std::move(frame));
}

void LocalRoles::Lose(int rank, const std::string& reason) {
  if (ended_) return;
  for (const Role& there : layout_.roles) {
    if (there.rank != rank) continue;
    for (const Role& here : layout_.roles) {
      if (here.rank != rank_) continue;
      Frame lost{.type = FrameType::kPeerLost,
                 .source = there.id,
                 .destination = here.id,
                 .step = 0,
                 .payload = Buffer(reason.size())};
      std::memcpy(lost.payload.data(), reason.data(), reason.size());
      Of(here.id).mailbox.Put(std::move(lost));
    }
  }
}

Frame LocalRoles::Note(FrameType type, int rank) const {
  return {.type = type,
          .source = FirstRoleOf(rank_),
          .destination = FirstRoleOf(rank),
          .step = 0,
          .payload = {}};
}

RoleId LocalRoles::FirstRoleOf(int rank) const {
  return std::find_if(layout_.roles.begin(), layout_.roles.end(),
                      [rank](const Role& role) { return role.rank == rank; })
      ->id;
}

}  // namespace fathom
