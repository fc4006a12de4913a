// The other roles of a run, as one role speaks to them and names them.
//
// Thread rule: as Transport::Send. The context must outlive it.
#pragma once

#include <optional>
#include <string>

#include "common/buffer.h"
#include "common/net/frame.h"
#include "common/run/run_context.h"

namespace fathom {

class Peers {
 public:
  Peers(const RunContext& context, RoleId self) : context_(context), self_(self) {}

  void Send(FrameType type, RoleId to, std::uint64_t step, Buffer payload = {}) const;

  // A frame without payload, to every role of this kind.
  void SendToAll(RoleKind kind, FrameType type, std::uint64_t step) const;

  // "worker 2 (rank 4 on host)"
  std::string NameOf(RoleId role) const { return RoleAndPlace(context_.layout, role); }
  std::string NameOfWorker(int worker) const { return NameOf(context_.layout.worker(worker)); }
  std::string Name() const { return NameOf(self_); }

  // The number of the worker or the server that sent the frame; nothing: another role sent it.
  std::optional<int> WorkerOf(const Frame& frame) const;
  std::optional<int> ServerOf(const Frame& frame) const;

 private:
  const RunContext& context_;
  RoleId self_;
};

}  // namespace fathom
