// Brings the ranks of a run together: one proven connection for each pair that has something to
// say to each other (RanksSpokenWith), the lower rank accepting. It listens for the whole run, so
// that a higher rank whose connection broke can connect again (tcp_reunion.h).
//
// A connection that does not prove the secret is dropped, counted and logged. How many may be
// unproven at once (kMaxUnproven, or one for each rank) and how long each may take (Strangers) is
// bounded.
//
// Thread rule: Meet from any thread but the io thread, port from any, all else on the io thread.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "common/tcp/strangers.h"
#include "common/tcp/tcp_address.h"
#include "common/tcp/tcp_handshake.h"

namespace fathom {

// Throws Error(kPeer) where the host is no numeric address.
boost::asio::ip::tcp::endpoint EndpointOf(const TcpAddress& address);

// "10.0.3.7:4711", "[fd00::7]:4711"
std::string TextOf(const boost::asio::ip::tcp::endpoint& endpoint);

class TcpRendezvous {
 public:
  // Called on the io thread.
  struct Events {
    // Called once for each rank spoken with, and again whenever that rank connects anew. False:
    // that rank counts as lost, and its new connection is dropped.
    std::function<bool(int rank, boost::asio::ip::tcp::socket socket)> proven;
    // Somebody connected and left without a word: perhaps a rank whose connection broke.
    std::function<void()> looked;
  };

  // Listens from now on, on a port of the system's choice. Throws Error(kPeer) where it cannot.
  TcpRendezvous(boost::asio::io_context& io, const Layout& layout, int rank, const Secret& secret,
                const std::string& bind_address, Events events, Strangers strangers);

  std::uint16_t port() const { return here_.port(); }

  // See TcpTransport::Connect.
  void Meet(const std::vector<boost::asio::ip::tcp::endpoint>& by_rank, Deadline deadline);

  // Stops listening and drops the handshakes that are not complete.
  void Stop();

 private:
  // What this rank knows of another one.
  struct Peer {
    bool met = false;
    bool proof_failed = false;  // somebody who called itself this rank did not hold the secret
    int denials = 0;            // of this process's proof, by somebody at that rank's address
    std::string last_trouble;
  };

  void Accept();
  void AcceptLater(const boost::system::error_code& error);
  void OnAccepted(boost::asio::ip::tcp::socket socket);
  void OnAcceptedHandshake(TcpHandshake& handshake);
  void Dial(int rank, const boost::asio::ip::tcp::endpoint& to, Deadline deadline);
  void DialAgain(int rank, const boost::asio::ip::tcp::endpoint& to, Deadline deadline,
                 const std::string& trouble);
  void OnDialledHandshake(TcpHandshake& handshake, const boost::asio::ip::tcp::endpoint& to,
                          Deadline deadline);
  bool DeniedForGood(int rank);
  bool Admit(TcpHandshake& handshake);
  void Refuse(const TcpHandshake& handshake, const std::string& reason);
  bool MayLog();
  void NoteTrouble(int rank, const boost::asio::ip::tcp::endpoint& to, const std::string& trouble);
  [[noreturn]] void FailMissing() const;

  boost::asio::io_context& io_;
  const Layout& layout_;
  const int rank_;
  const std::vector<bool> spoken_with_;  // by rank
  const Secret secret_;
  const Events events_;
  const Strangers strangers_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer accept_again_;
  boost::asio::ip::tcp::endpoint here_;  // where it listens
  bool stopped_ = false;
  std::deque<std::shared_ptr<TcpHandshake>> unproven_;  // accepted connections, the oldest first
  std::set<std::shared_ptr<TcpHandshake>> dialled_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Peer> peers_;  // by rank
  std::optional<Error> denied_;
  std::uint64_t refused_ = 0;
  Clock::time_point next_log_{};
};

}  // namespace fathom
