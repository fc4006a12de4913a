// Connects two ranks again whose connection broke. The higher rank dials the lower and both prove
// the secret anew. The lower waits to be dialled, and looks meanwhile whether the other process
// still listens. So each side soon notices that the other process has ended or was killed. A look
// also makes the other send a beat, which tells it of a break that it has not noticed.
//
// Thread rule: the io thread only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/tcp/handshake.h"
#include "common/tcp/tcp_address.h"
#include "common/tcp/tcp_handshake.h"

namespace fathom {

class TcpReunion {
 public:
  struct Events {
    std::function<void(int rank, boost::asio::ip::tcp::socket socket)> proven;
    std::function<void(int rank, const std::string& trouble)> trouble;  // of one attempt
    std::function<void(int rank, const std::string& why)> gone;         // nobody listens there
  };

  // A process on this host counts as gone when its address refuses a connection and nobody listens
  // there. One on another host, when its address has refused every attempt for a sixtieth of
  // `timeout`: a firewall's rule can refuse for a moment too.
  TcpReunion(boost::asio::io_context& io, int rank, const Secret& secret,
             std::chrono::milliseconds timeout, Events events);

  void SetAddresses(std::vector<boost::asio::ip::tcp::endpoint> by_rank);

  // Attempts follow one another, with growing pauses, until one succeeds or Rest is called. After a
  // success the next Seek continues with the pause that was reached; after Rest it begins with the
  // shortest.
  void Seek(int rank);
  void Rest(int rank);
  void Stop();

 private:
  struct Search;
  using SharedSearch = std::shared_ptr<Search>;

  void AttemptLater(const SharedSearch& search);
  void Attempt(const SharedSearch& search);
  void OnConnect(const SharedSearch& search, const boost::system::error_code& error);
  void OnHandshake(const SharedSearch& search, TcpHandshake& handshake);
  void OnTrouble(const SharedSearch& search, const std::string& trouble);
  bool HasGone(const SharedSearch& search, const boost::system::error_code& error) const;
  std::string AddressWords(int rank) const;

  boost::asio::io_context& io_;
  const int rank_;
  const Secret secret_;
  const std::chrono::milliseconds timeout_;
  const Events events_;
  std::vector<boost::asio::ip::tcp::endpoint> addresses_;  // by rank; none before SetAddresses
  std::map<int, SharedSearch> searches_;                   // by rank
};

}  // namespace fathom
