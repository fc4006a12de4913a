// One connection's handshake, from greeting to proof, on the io thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "common/handshake.h"

namespace fathom {

// How a handshake ended. `wrong_secret`: the peer gave a proof, and it is not the run's.
struct HandshakeOutcome {
  bool proven = false;
  bool wrong_secret = false;
  int peer_rank = -1;
  std::string why;  // where it failed
};

// Thread rule: everything runs on the socket's io thread. Calls `done` once, with the socket.
class TcpHandshake : public std::enable_shared_from_this<TcpHandshake> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Done = std::function<void(Socket, const HandshakeOutcome&)>;

  TcpHandshake(Socket socket, const Secret& secret, int rank, HandshakeSide side, std::chrono::milliseconds timeout, Done done);

  void Start();

 private:
  void SendHello();
  void ReadHello();
  void OnHello();
  void SendProof();
  void ReadProof();
  void OnProof();
  void Finish(HandshakeOutcome outcome);
  void Broken(const char* where, const boost::system::error_code& error);

  Socket socket_;
  boost::asio::steady_timer timer_;
  const Secret secret_;
  HandshakeSide side_;
  std::chrono::milliseconds timeout_;
  Done done_;
  Hello mine_, theirs_;
  HelloBytes hello_out_{}, hello_in_{};
  ProofBytes proof_out_{}, proof_in_{};
  bool proof_sent_ = false;
  bool peer_proven_ = false;
};

}  // namespace fathom
