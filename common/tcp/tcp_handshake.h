// A handshake on a socket: sends, reads and keeps the deadline. Nothing but the handshake's fixed
// messages is read before the peer is proven.
//
// Thread rule: the io thread only.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "common/error.h"
#include "common/net/mailbox.h"
#include "common/tcp/handshake.h"

namespace fathom {

class TcpHandshake : public std::enable_shared_from_this<TcpHandshake> {
 public:
  // Called once, from a handler of its own, unless the handshake is dropped.
  using Done = std::function<void(TcpHandshake&)>;

  TcpHandshake(boost::asio::ip::tcp::socket socket, const Handshake& handshake, Done done);

  // The connector says hello; the acceptor waits for it.
  void Start(bool connects, Deadline deadline);

  // Closes the socket; `done` is not called any more.
  void Drop();

  // Why it failed; nothing if the peer is proven.
  const std::optional<Error>& failure() const { return failure_; }
  int peer_rank() const { return handshake_.peer_rank(); }

  // The peer said nothing and left, as one does who only looks whether somebody listens here.
  bool only_looked() const { return only_looked_; }

  boost::asio::ip::tcp::socket TakeSocket() { return std::move(socket_); }

 private:
  void Send(const HandshakeMessage& message);
  void Read();
  void OnMessage();
  void OnError(const boost::system::error_code& error);
  void Finish(std::optional<Error> failure);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  Handshake handshake_;
  Done done_;
  HandshakeMessage incoming_;
  HandshakeMessage outgoing_;
  std::optional<Error> failure_;
  bool only_looked_ = false;
};

}  // namespace fathom
