// Frames between ranks over TCP: one connection for each pair of ranks, shared by their roles.
//
// Thread rule: one io thread a transport does all reading and writing; Send only queues. Roles of
// the same rank hand their frames over in memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/handshake.h"
#include "common/layout.h"
#include "common/transport.h"

namespace fathom {

struct TcpAddress {
  std::string host;        // an IPv4 address
  std::uint16_t port = 0;
};

// A peer has this long to prove that it holds the secret.
inline constexpr std::chrono::milliseconds kHandshakeTimeout{5000};

// Connections that have not proved anything yet, at once.
inline constexpr int kMaxUnproven = 64;

class TcpTransport : public Transport {
 public:
  // Listens on a free port of `bind_address`. `timeout`: after which a silent peer counts as lost.
  // Throws Error(kPeer) where the address cannot be bound.
  TcpTransport(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address, std::chrono::milliseconds timeout,
               std::chrono::milliseconds handshake_timeout = kHandshakeTimeout);
  ~TcpTransport() override;

  std::uint16_t port() const;

  // Connects to the lower ranks and waits for the higher ones, until each has proved that it holds
  // the secret. Throws Error(kRefused) where a rank that it connects to holds another secret,
  // Error(kPeer) at the deadline: names the ranks that are missing and why.
  void Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline);

  void Send(Frame frame) override;
  Mailbox& mailbox(RoleId role) override;
  void Flush(Deadline deadline) override;
  TrafficCount traffic(RoleId role) const override;

  // Connections that were turned away, and the last one's reason.
  struct Refusals {
    int count = 0;
    std::string last;
  };
  Refusals refusals() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
