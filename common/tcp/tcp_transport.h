// Frames between processes over TCP: one connection for each pair of ranks, their roles multiplexed
// on it; between roles of one rank they are handed over in memory.
//
// Life: the constructor listens; Connect proves the secret with every other rank, both ways; then
// frames flow; the destructor sends what is queued, says goodbye if the run has ended in order
// (kStop was sent or received), else that this rank leaves, and closes.
//
// A connection that breaks is made anew, with a fresh proof of the secret, and continues after the
// last frame that each side has received. A peer is lost when that takes longer than `timeout`,
// when its process is gone or leaves, and when it sends what makes no sense. Each role here then
// gets one kPeerLost for each role there, with the reason as its payload.
//
// Thread rule: Connect and the destructor from one thread, Send after Connect has returned; else as
// Transport says. One thread of its own does all input and output. Failures: the constructor and
// Connect throw Error; Send throws Error(kTraining) for a frame over kMaxFrameBytes. Later failures
// are told by kPeerLost.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/net/transport.h"
#include "common/schedule/layout.h"
#include "common/tcp/handshake.h"
#include "common/tcp/strangers.h"
#include "common/tcp/tcp_address.h"

namespace fathom {

class TcpTransport : public Transport {
 public:
  // Listens, for its whole life, on a port of the system's choice. A peer that takes, acknowledges
  // or says nothing for `timeout` is lost. With `tls` frames are encrypted. Throws Error(kPeer)
  // where `bind_address` is none of this host's.
  TcpTransport(const Layout& layout, int rank, const Secret& secret,
               const std::string& bind_address, std::chrono::milliseconds timeout, bool tls = false,
               const Strangers& strangers = {});
  ~TcpTransport() override;

  std::uint16_t port() const;

  // Connects to the lower ranks, awaits the higher ones, and returns when all are proven. Throws
  // Error(kPeer) that names the ranks still missing at the deadline; Error(kRefused) where a peer
  // does not hold the secret.
  void Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline);

  void Send(Frame frame) override;
  Mailbox& mailbox(RoleId role) override;
  void Flush(Deadline deadline) override;
  TrafficCount traffic(RoleId role) const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
