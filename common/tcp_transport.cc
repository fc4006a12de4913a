#include "common/tcp_transport.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "common/check.h"
#include "common/error.h"
#include "common/run_log.h"
#include "common/tcp_connection.h"
#include "common/tcp_handshake.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kRetry{100};

Tcp::endpoint Endpoint(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) Fail(ExitCode::kPeer, "\"{}\" is no IP address: {}", host, error.message());
  return {address, port};
}

Buffer TextPayload(const std::string& text) {
  Buffer payload(text.size());
  if (!text.empty()) std::memcpy(payload.data(), text.data(), text.size());
  return payload;
}

}  // namespace

class TcpTransport::Impl {
 public:
  Impl(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address, std::chrono::milliseconds timeout,
       std::chrono::milliseconds handshake_timeout)
      : layout_(layout), rank_(rank), secret_(secret), timeout_(timeout), handshake_timeout_(handshake_timeout), work_(asio::make_work_guard(io_)), acceptor_(io_),
        peers_(static_cast<std::size_t>(layout.ranks())), traffic_(layout.roles.size()) {
    for (const Role& role : layout.roles) {
      if (role.rank == rank) mailboxes_.try_emplace(role.id);
    }
    Listen(bind_address);
    Accept();
    thread_ = std::thread([this] { io_.run(); });
  }

  ~Impl() {
    asio::post(io_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      for (auto& peer : peers_) {
        if (peer) peer->Close();
      }
      work_.reset();
      io_.stop();
    });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

  void Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) {
    asio::post(io_, [this, by_rank] {
      for (int peer = 0; peer < rank_; ++peer) ConnectTo(peer, by_rank[static_cast<std::size_t>(peer)]);
    });
    std::unique_lock lock(mutex_);
    const bool all = changed_.wait_until(lock, deadline, [&] { return wrong_secret_rank_ >= 0 || Missing().empty(); });
    if (wrong_secret_rank_ >= 0) {
      Fail(ExitCode::kRefused, "rank {}: rank {} ({}) does not hold this run's secret: is another program listening there?", rank_,
           wrong_secret_rank_, layout_.hosts[static_cast<std::size_t>(wrong_secret_rank_)]);
    }
    if (all) return;
    Fail(ExitCode::kPeer, "rank {}: not connected within the deadline: {}{}; is a firewall between the hosts (cluster.interface picks the network)?",
         rank_, Missing(), refusals_.count == 0 ? "" : fmt::format("; {} connection(s) turned away, the last because {}", refusals_.count, refusals_.last));
  }

  void Send(Frame frame) {
    const int to = layout_.roles.at(frame.destination).rank;
    {
      const std::lock_guard lock(mutex_);
      TrafficCount& count = traffic_.at(frame.source);
      count.frames_sent += 1;
      count.bytes_sent += kFrameHeaderBytes + frame.payload.size();
    }
    if (to == rank_) return Deliver(std::move(frame));
    const auto& peer = Peer(to);
    if (peer) peer->Send(std::move(frame));
  }

  Mailbox& mailbox(RoleId role) {
    const auto found = mailboxes_.find(role);
    FATHOM_CHECK(found != mailboxes_.end());
    return found->second;
  }

  void Flush(Deadline deadline) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, deadline, [&] {
      return std::all_of(peers_.begin(), peers_.end(), [](const auto& peer) { return !peer || peer->idle(); });
    });
  }

  TrafficCount traffic(RoleId role) const {
    const std::lock_guard lock(mutex_);
    return traffic_.at(role);
  }

  Refusals refusals() const {
    const std::lock_guard lock(mutex_);
    return refusals_;
  }

 private:
  void Listen(const std::string& bind_address) {
    const Tcp::endpoint endpoint = Endpoint(bind_address, 0);
    error_code error;
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(kMaxUnproven, error);
    if (error) Fail(ExitCode::kPeer, "rank {}: cannot listen on {}: {}", rank_, bind_address, error.message());
    port_ = acceptor_.local_endpoint().port();
  }

  void Accept() {
    acceptor_.async_accept([this](const error_code& error, Tcp::socket socket) {
      if (!acceptor_.is_open()) return;
      if (!error) {
        if (unproven_ < kMaxUnproven) {
          ++unproven_;
          std::make_shared<TcpHandshake>(std::move(socket), secret_, rank_, HandshakeSide::kAcceptor, handshake_timeout_,
                                         [this](Tcp::socket proven, const HandshakeOutcome& outcome) {
                                           --unproven_;
                                           OnAccepted(std::move(proven), outcome);
                                         })->Start();
        } else {
          Refuse("too many connections were waiting to prove the secret");
        }
      }
      Accept();
    });
  }

  void OnAccepted(Tcp::socket socket, const HandshakeOutcome& outcome) {
    if (!outcome.proven) return Refuse(outcome.why);
    const bool expected = outcome.peer_rank > rank_ && outcome.peer_rank < layout_.ranks();
    if (!expected || Peer(outcome.peer_rank)) return Refuse(fmt::format("rank {} has no connection to make here", outcome.peer_rank));
    Adopt(outcome.peer_rank, std::move(socket));
  }

  void ConnectTo(int peer, const TcpAddress& address) {
    auto socket = std::make_shared<Tcp::socket>(io_);
    socket->async_connect(Endpoint(address.host, address.port), [this, socket, peer, address](const error_code& error) {
      if (error) return RetryLater(peer, address, error.message());
      std::make_shared<TcpHandshake>(std::move(*socket), secret_, rank_, HandshakeSide::kConnector, handshake_timeout_,
                                     [this, peer, address](Tcp::socket proven, const HandshakeOutcome& outcome) {
                                       OnConnected(peer, address, std::move(proven), outcome);
                                     })->Start();
    });
  }

  void OnConnected(int peer, const TcpAddress& address, Tcp::socket socket, const HandshakeOutcome& outcome) {
    if (outcome.proven && outcome.peer_rank == peer) return Adopt(peer, std::move(socket));
    if (outcome.wrong_secret) {
      const std::lock_guard lock(mutex_);
      wrong_secret_rank_ = peer;
      changed_.notify_all();
      return;
    }
    RetryLater(peer, address, outcome.proven ? fmt::format("rank {} answered", outcome.peer_rank) : outcome.why);
  }

  void RetryLater(int peer, const TcpAddress& address, const std::string& why) {
    Refuse(fmt::format("of rank {} at {}:{}: {}", peer, address.host, address.port, why));
    auto timer = std::make_shared<asio::steady_timer>(io_, kRetry);
    timer->async_wait([this, timer, peer, address](const error_code& cancelled) {
      if (!cancelled) ConnectTo(peer, address);
    });
  }

  void Refuse(const std::string& why) {
    const std::lock_guard lock(mutex_);
    ++refusals_.count;
    if (refusals_.last != why) LogWarning("rank {}: a connection was turned away: {}", rank_, why);
    refusals_.last = why;
  }

  void Adopt(int peer, Tcp::socket socket) {
    auto connection = std::make_shared<TcpConnection>(
        std::move(socket), timeout_,
        TcpConnection::Callbacks{.check = [this, peer](const FrameHeader& header) { CheckRoles(peer, header); },
                                 .deliver = [this](Frame frame) { Deliver(std::move(frame)); },
                                 .lost = [this, peer](const std::string& why) { OnLost(peer, why); },
                                 .drained = [this] { Notify(); }});
    {
      const std::lock_guard lock(mutex_);
      peers_[static_cast<std::size_t>(peer)] = connection;
    }
    connection->Start();
    Notify();
  }

  void CheckRoles(int peer, const FrameHeader& header) const {
    const auto rank_of = [&](RoleId role) { return role < layout_.roles.size() ? layout_.roles[role].rank : -1; };
    if (header.type == FrameType::kHandshake || rank_of(header.source) != peer || rank_of(header.destination) != rank_) {
      Fail(ExitCode::kPeer, "a frame of type {} from role {} to role {} cannot come from rank {} to rank {}", static_cast<int>(header.type),
           header.source, header.destination, peer, rank_);
    }
  }

  void Deliver(Frame frame) {
    {
      const std::lock_guard lock(mutex_);
      traffic_.at(frame.destination).bytes_received += kFrameHeaderBytes + frame.payload.size();
    }
    mailbox(frame.destination).Put(std::move(frame));
  }

  void OnLost(int peer, const std::string& why) {
    for (const Role& lost : layout_.roles) {
      if (lost.rank != peer) continue;
      for (auto& [role, box] : mailboxes_) {
        box.Put({.type = FrameType::kPeerLost, .source = lost.id, .destination = role, .step = 0, .payload = TextPayload(why)});
      }
    }
  }

  void Notify() {
    const std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  std::shared_ptr<TcpConnection> Peer(int rank) const {
    const std::lock_guard lock(mutex_);
    return peers_[static_cast<std::size_t>(rank)];
  }

  // With the lock held: the ranks that are not connected, as text.
  std::string Missing() const {
    std::string text;
    for (int peer = 0; peer < layout_.ranks(); ++peer) {
      if (peer == rank_ || peers_[static_cast<std::size_t>(peer)]) continue;
      text += fmt::format("{}rank {} on {}", text.empty() ? "" : ", ", peer, layout_.hosts[static_cast<std::size_t>(peer)]);
    }
    return text;
  }

  const Layout layout_;
  const int rank_;
  const Secret secret_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::milliseconds handshake_timeout_;
  std::map<RoleId, Mailbox> mailboxes_;  // of this rank's roles; never changed after construction
  std::uint16_t port_ = 0;

  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  Tcp::acceptor acceptor_;
  int unproven_ = 0;  // io thread only

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<TcpConnection>> peers_;  // by rank
  std::vector<TrafficCount> traffic_;                  // by role
  Refusals refusals_;
  int wrong_secret_rank_ = -1;

  std::thread thread_;
};

TcpTransport::TcpTransport(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address, std::chrono::milliseconds timeout,
                           std::chrono::milliseconds handshake_timeout)
    : impl_(std::make_unique<Impl>(layout, rank, secret, bind_address, timeout, handshake_timeout)) {}
TcpTransport::~TcpTransport() = default;
std::uint16_t TcpTransport::port() const { return impl_->port(); }
void TcpTransport::Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) { impl_->Connect(by_rank, deadline); }
void TcpTransport::Send(Frame frame) { impl_->Send(std::move(frame)); }
Mailbox& TcpTransport::mailbox(RoleId role) { return impl_->mailbox(role); }
void TcpTransport::Flush(Deadline deadline) { impl_->Flush(deadline); }
TrafficCount TcpTransport::traffic(RoleId role) const { return impl_->traffic(role); }
TcpTransport::Refusals TcpTransport::refusals() const { return impl_->refusals(); }

}  // namespace fathom
