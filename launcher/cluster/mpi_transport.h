// Frames between the ranks of a job as MPI messages, for clusters whose fabric TCP does not reach
// at full speed. Beside it MPI is used by mpi_session.h alone.
//
// A frame is its wire header (common/net/frame.h) under one tag and its payload, in pieces of at
// most 64 MiB since MPI counts in int, under another, on a communicator of its own; MPI keeps the
// order of both. Payloads are sent from and received into the frames' own buffers. Memory for a
// piece of a payload is taken once MPI has it.
//
// Thread rule: as Transport. Inside, one thread of its own makes every MPI call from the end of the
// constructor until the destructor returns, and no other thread may make any meanwhile
// (MPI_THREAD_SERIALIZED). Open MPI cannot wait asleep, so that thread polls: without pause for
// 50 us after something moved, then with sleeps that grow from 20 us to 1 ms; Send wakes it.
//
// Failure: MPI itself knows no deadlines and no lost peers. mpirun ends the job when a rank dies. A
// rank that falls silent is noticed here: each rank sends the others five beats in a timeout, and
// one from which nothing came for a whole timeout is lost (kPeerLost). So is the sender of a frame
// that makes no sense; so are all where a call of MPI fails, in MPI's own words. The constructor
// throws Error(kPeer), or an alarm ends the process (mpi_alarm.h), where the ranks do not come
// together.
#pragma once

#include <memory>

#include "common/net/transport.h"
#include "common/schedule/layout.h"

namespace fathom {

class MpiTransport : public Transport {
 public:
  // All ranks make it together. `timeout`: how long a rank may be silent, and how long the
  // destructor waits for the last frames.
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
