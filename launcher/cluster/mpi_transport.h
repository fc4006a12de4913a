// Frames between the ranks of a job as MPI messages, for clusters whose fabric TCP does not reach
// at full speed. Beside it MPI is used by mpi_session.h alone.
//
// A frame is its wire header (common/net/frame.h) under one tag and its payload, in pieces of at
// most 64 MiB since MPI counts in int, under another, on a communicator of its own; MPI keeps the
// order of both. Payloads are sent from and received into the frames' own buffers.
//
// Thread rule: one thread makes every MPI call while the transport lives, and nobody else makes
// any (MPI_THREAD_SERIALIZED). Open MPI cannot wait asleep, so that thread polls: without pause
// for a moment after something moved, then with naps that grow to 1 ms; sending wakes it.
//
// Failure: MPI itself knows no deadlines and no lost peers: mpirun ends the job when a rank dies,
// and a network that falls silent is noticed by the deadlines of the roles that wait. A header
// that makes no sense loses its sender: kPeerLost.
#pragma once

#include <memory>

#include "common/net/transport.h"
#include "common/schedule/layout.h"

namespace fathom {

class MpiTransport : public Transport {
 public:
  // All ranks make it together. `timeout`: for the last frames when it is destroyed.
  MpiTransport(const Layout& layout, int rank, std::chrono::milliseconds timeout);
  // After kStop: returns when every rank has said that it sends no more, or the timeout has passed.
  ~MpiTransport() override;

  void Send(Frame frame) override;
  Mailbox& mailbox(RoleId role) override;
  void Flush(Deadline deadline) override;
  TrafficCount traffic(RoleId role) const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
