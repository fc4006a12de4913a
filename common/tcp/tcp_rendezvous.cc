#include "common/tcp/tcp_rendezvous.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "common/check.h"
#include "common/log_line.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kDenials = 3;
constexpr auto kPauseBetweenDials = std::chrono::milliseconds(100);
constexpr auto kPauseAfterFailedAccept = std::chrono::milliseconds(100);
constexpr auto kPauseBetweenLogLines = std::chrono::seconds(1);

}  // namespace

tcp::endpoint EndpointOf(const TcpAddress& address) {
  error_code error;
  const auto host = asio::ip::make_address(address.host, error);
  if (error) {
    Fail(ExitCode::kPeer, "'{}' is no numeric network address: check cluster.interface",
         address.host);
  }
  return {host, address.port};
}

std::string TextOf(const tcp::endpoint& endpoint) {
  const char* const form = endpoint.address().is_v6() ? "[{}]:{}" : "{}:{}";
  return fmt::format(fmt::runtime(form), endpoint.address().to_string(), endpoint.port());
}

TcpRendezvous::TcpRendezvous(asio::io_context& io, const Layout& layout, int rank,
                             const Secret& secret, const std::string& bind_address, Events events,
                             Strangers strangers)
    : io_(io),
      layout_(layout),
      rank_(rank),
      spoken_with_(RanksSpokenWith(layout, rank)),
      secret_(secret),
      events_(std::move(events)),
      strangers_(std::move(strangers)),
      acceptor_(io),
      accept_again_(io),
      peers_(static_cast<std::size_t>(layout.ranks())) {
  for (std::size_t r = 0; r < peers_.size(); ++r) peers_[r].met = !spoken_with_[r];
  try {
    const tcp::endpoint here = EndpointOf({bind_address, 0});
    acceptor_.open(here.protocol());
    acceptor_.bind(here);
    acceptor_.listen();
    here_ = acceptor_.local_endpoint();
  } catch (const boost::system::system_error& error) {
    Fail(ExitCode::kPeer, "rank {} cannot listen on {}: {}", rank, bind_address,
         error.code().message());
  }
  asio::post(io_, [this] { Accept(); });
}

// Waits for the next connection.
void TcpRendezvous::Accept() {
  if (stopped_) return;
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (stopped_) return;
    if (error) return AcceptLater(error);
    OnAccepted(std::move(socket));
    Accept();
  });
}

void TcpRendezvous::AcceptLater(const error_code& error) {
  {
    const std::lock_guard lock(mutex_);
    if (MayLog()) LogWarning("rank {} could not accept a connection: {}", rank_, error.message());
  }
  accept_again_.expires_after(kPauseAfterFailedAccept);
  accept_again_.async_wait([this](const error_code& cancelled) {
    if (!cancelled) Accept();
  });
}

// Where so many are unproven, as many as may come at once at the start, the oldest is dropped: a
// rank of this run proves the secret within milliseconds, so the oldest is none, and a new one need
// not wait for it.
void TcpRendezvous::OnAccepted(tcp::socket socket) {
  const std::size_t most = std::max(kMaxUnproven, peers_.size());
  if (unproven_.size() >= most) {
    unproven_.front()->Drop();
    Refuse(*unproven_.front(),
           fmt::format("it proved nothing, and {} newer connections wait to", most));
    unproven_.pop_front();
  }
  auto handshake = std::make_shared<TcpHandshake>(
      std::move(socket), Handshake::Accepting(secret_, rank_, layout_.ranks()),
      [this](TcpHandshake& done) { OnAcceptedHandshake(done); });
  unproven_.push_back(handshake);
  handshake->Start(false, Clock::now() + strangers_.handshake_timeout);
}

void TcpRendezvous::OnAcceptedHandshake(TcpHandshake& handshake) {
  const auto kept = handshake.shared_from_this();
  std::erase(unproven_, kept);
  if (handshake.failure()) {
    Refuse(handshake, handshake.failure()->what());
    if (handshake.only_looked()) events_.looked();
  } else if (!Admit(handshake)) {
    Refuse(handshake, fmt::format("rank {} comes again, and is given up", handshake.peer_rank()));
  }
}

void TcpRendezvous::Dial(int rank, const tcp::endpoint& to, Deadline deadline) {
  if (stopped_ || Clock::now() >= deadline) return;
  NoteTrouble(rank, to, "no answer");
  auto socket = std::make_shared<tcp::socket>(io_);
  socket->async_connect(to, [this, socket, rank, to, deadline](const error_code& error) {
    if (stopped_) return;
    if (error) return DialAgain(rank, to, deadline, error.message());
    auto handshake = std::make_shared<TcpHandshake>(
        std::move(*socket), Handshake::Connecting(secret_, rank_, rank),
        [this, to, deadline](TcpHandshake& done) { OnDialledHandshake(done, to, deadline); });
    dialled_.insert(handshake);
    handshake->Start(true, deadline);
  });
}

void TcpRendezvous::DialAgain(int rank, const tcp::endpoint& to, Deadline deadline,
                              const std::string& trouble) {
  NoteTrouble(rank, to, trouble);
  auto timer = std::make_shared<asio::steady_timer>(io_, kPauseBetweenDials);
  timer->async_wait(
      [this, timer, rank, to, deadline](const error_code&) { Dial(rank, to, deadline); });
}

// What was said before is worth more than that there is no answer yet.
void TcpRendezvous::NoteTrouble(int rank, const tcp::endpoint& to, const std::string& trouble) {
  const std::lock_guard lock(mutex_);
  std::string& last = peers_[static_cast<std::size_t>(rank)].last_trouble;
  if (last.empty() || trouble != "no answer") last = fmt::format("{}: {}", TextOf(to), trouble);
}

void TcpRendezvous::OnDialledHandshake(TcpHandshake& handshake, const tcp::endpoint& to,
                                       Deadline deadline) {
  const auto kept = handshake.shared_from_this();
  dialled_.erase(kept);
  if (!handshake.failure()) {
    Admit(handshake);
    return;
  }
  if (handshake.failure()->code() != ExitCode::kRefused || !DeniedForGood(handshake.peer_rank()))
    return DialAgain(handshake.peer_rank(), to, deadline, handshake.failure()->what());
  const std::lock_guard lock(mutex_);
  denied_ = Error(ExitCode::kRefused, fmt::format("rank {} connecting to {}: {}", rank_, TextOf(to),
                                                  handshake.failure()->what()));
  changed_.notify_all();
}

// A connection that broke at the moment of the proof looks as if the proof had been refused.
bool TcpRendezvous::DeniedForGood(int rank) {
  const std::lock_guard lock(mutex_);
  return ++peers_[static_cast<std::size_t>(rank)].denials >= kDenials;
}

// False if that rank is given up.
bool TcpRendezvous::Admit(TcpHandshake& handshake) {
  const int rank = handshake.peer_rank();
  if (!events_.proven(rank, handshake.TakeSocket())) return false;
  const std::lock_guard lock(mutex_);
  peers_[static_cast<std::size_t>(rank)].met = true;
  changed_.notify_all();
  return true;
}

// Somebody who only looks whether this process still listens is counted and not worth a line.
void TcpRendezvous::Refuse(const TcpHandshake& handshake, const std::string& reason) {
  strangers_.refused(reason);
  const std::lock_guard lock(mutex_);
  ++refused_;
  if (handshake.failure() && handshake.failure()->code() == ExitCode::kRefused) {
    peers_[static_cast<std::size_t>(handshake.peer_rank())].proof_failed = true;
  }
  if (handshake.only_looked() || !MayLog()) return;
  LogWarning("rank {} refused a connection: {} ({} refused so far)", rank_, reason, refused_);
}

// At most one line a second, whatever comes. Called with the lock held.
bool TcpRendezvous::MayLog() {
  const auto now = Clock::now();
  if (now < next_log_) return false;
  next_log_ = now + kPauseBetweenLogLines;
  return true;
}

void TcpRendezvous::Meet(const std::vector<tcp::endpoint>& by_rank, Deadline deadline) {
  FATHOM_CHECK_EQ(static_cast<int>(by_rank.size()), layout_.ranks());
  for (int rank = 0; rank < rank_; ++rank) {
    if (!spoken_with_[static_cast<std::size_t>(rank)]) continue;
    const tcp::endpoint& to = by_rank[static_cast<std::size_t>(rank)];
    asio::post(io_, [this, rank, to, deadline] { Dial(rank, to, deadline); });
  }
  std::unique_lock lock(mutex_);
  const auto all_met = [this] {
    for (const Peer& peer : peers_) {
      if (!peer.met) return false;
    }
    return true;
  };
  changed_.wait_until(lock, deadline, [&] { return denied_ || all_met(); });
  if (denied_) throw *denied_;
  if (!all_met()) FailMissing();
}

// Called with the lock held.
void TcpRendezvous::FailMissing() const {
  std::string names;
  bool proof_failed = false;
  for (int rank = 0; rank < layout_.ranks(); ++rank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    if (peer.met) continue;
    proof_failed |= peer.proof_failed;
    names += fmt::format("{}rank {} on {}", names.empty() ? "" : ", ", rank,
                         layout_.hosts[static_cast<std::size_t>(rank)]);
    if (peer.proof_failed) names += " (one that claimed to be it did not hold the run's secret)";
    if (!peer.last_trouble.empty()) names += fmt::format(" ({})", peer.last_trouble);
  }
  Fail(proof_failed ? ExitCode::kRefused : ExitCode::kPeer,
       "rank {}, which listens at {}, has no connection with {}: check that they run; let TCP to "
       "these ports, which the system chooses, through any firewall between the hosts, or name "
       "another network in cluster.interface",
       rank_, TextOf(here_), names);
}

void TcpRendezvous::Stop() {
  stopped_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  accept_again_.cancel();
  for (const auto& handshake : unproven_) handshake->Drop();
  unproven_.clear();
  for (const auto& handshake : dialled_) handshake->Drop();
  dialled_.clear();
}

}  // namespace fathom
