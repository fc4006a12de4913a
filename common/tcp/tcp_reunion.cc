#include "common/tcp/tcp_reunion.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <utility>

#include "common/tcp/listening_port.h"
#include "common/tcp/strangers.h"
#include "common/tcp/tcp_rendezvous.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kRefusedShare = 60;  // 0.5 s of the default deadline
constexpr int kLongestPauseShare = 100;
constexpr auto kShortestPause = std::chrono::milliseconds(10);
constexpr auto kFirstLook = std::chrono::milliseconds(100);  // most breaks are mended by then

}  // namespace

struct TcpReunion::Search {
  Search(asio::io_context& io, int peer, std::chrono::milliseconds first_pause)
      : rank(peer), pause(first_pause), pause_timer(io), attempt_timer(io), socket(io) {}

  void Cancel() {
    active = false;
    pause_timer.cancel();
    attempt_timer.cancel();
    error_code ignored;
    socket.close(ignored);
    if (handshake) handshake->Drop();
    handshake.reset();
  }

  const int rank;
  bool active = true;
  std::chrono::milliseconds pause;
  std::optional<Clock::time_point> refused_since;
  asio::steady_timer pause_timer;
  asio::steady_timer attempt_timer;
  tcp::socket socket;
  std::shared_ptr<TcpHandshake> handshake;
};

TcpReunion::TcpReunion(asio::io_context& io, int rank, const Secret& secret,
                       std::chrono::milliseconds timeout, Events events)
    : io_(io), rank_(rank), secret_(secret), timeout_(timeout), events_(std::move(events)) {}

void TcpReunion::SetAddresses(std::vector<tcp::endpoint> by_rank) {
  addresses_ = std::move(by_rank);
}

void TcpReunion::Seek(int rank) {
  SharedSearch& known = searches_[rank];
  if (known && known->active) return;
  const auto look = std::min<std::chrono::milliseconds>(kFirstLook, timeout_ / kRefusedShare);
  const auto pause = known ? known->pause : rank > rank_ ? look : kShortestPause;
  known = std::make_shared<Search>(io_, rank, pause);
  AttemptLater(known);
}

void TcpReunion::Rest(int rank) {
  const auto found = searches_.find(rank);
  if (found == searches_.end()) return;
  found->second->Cancel();
  searches_.erase(found);
}

void TcpReunion::Stop() {
  for (const auto& [rank, search] : searches_) search->Cancel();
  searches_.clear();
}

void TcpReunion::AttemptLater(const SharedSearch& search) {
  search->pause_timer.expires_after(search->pause);
  const auto longest = std::max(kShortestPause, timeout_ / kLongestPauseShare);
  search->pause = std::min<std::chrono::milliseconds>(2 * search->pause, longest);
  search->pause_timer.async_wait([this, search](const error_code&) {
    if (search->active) Attempt(search);
  });
}

void TcpReunion::Attempt(const SharedSearch& search) {
  if (addresses_.empty()) return AttemptLater(search);
  search->attempt_timer.expires_after(kHandshakeTimeout);
  search->attempt_timer.async_wait([search](const error_code& cancelled) {
    error_code ignored;
    if (!cancelled) search->socket.close(ignored);
  });
  search->socket = tcp::socket(io_);
  search->socket.async_connect(addresses_[static_cast<std::size_t>(search->rank)],
                               [this, search](const error_code& error) {
                                 search->attempt_timer.cancel();
                                 if (search->active) OnConnect(search, error);
                               });
}

void TcpReunion::OnConnect(const SharedSearch& search, const error_code& error) {
  if (HasGone(search, error)) {
    const int rank = search->rank;
    Rest(rank);
    return events_.gone(rank, fmt::format("nobody listens at {} any more", AddressWords(rank)));
  }
  if (error) {
    return OnTrouble(search,
                     error == asio::error::operation_aborted ? "no answer" : error.message());
  }
  if (search->rank > rank_) {
    search->socket = tcp::socket(io_);
    return OnTrouble(search, "it listens there, and does not connect");
  }
  search->handshake = std::make_shared<TcpHandshake>(
      std::move(search->socket), Handshake::Connecting(secret_, rank_, search->rank),
      [this, search](TcpHandshake& done) { OnHandshake(search, done); });
  search->handshake->Start(true, Clock::now() + kHandshakeTimeout);
}

bool TcpReunion::HasGone(const SharedSearch& search, const error_code& error) const {
  if (error != asio::error::connection_refused) {
    search->refused_since.reset();
    return false;
  }
  const tcp::endpoint& there = addresses_[static_cast<std::size_t>(search->rank)];
  if (there.address() == addresses_[static_cast<std::size_t>(rank_)].address()) {
    if (const auto listens = SomebodyListens(there.port())) return !*listens;
  }
  const auto now = Clock::now();
  if (!search->refused_since) search->refused_since = now;
  return now - *search->refused_since >= timeout_ / kRefusedShare;
}

void TcpReunion::OnHandshake(const SharedSearch& search, TcpHandshake& handshake) {
  const auto kept = std::exchange(search->handshake, nullptr);
  if (!search->active) return;
  if (handshake.failure()) return OnTrouble(search, handshake.failure()->what());
  search->active = false;
  events_.proven(search->rank, handshake.TakeSocket());
}

void TcpReunion::OnTrouble(const SharedSearch& search, const std::string& trouble) {
  events_.trouble(search->rank, fmt::format("{}: {}", AddressWords(search->rank), trouble));
  AttemptLater(search);
}

std::string TcpReunion::AddressWords(int rank) const {
  return TextOf(addresses_[static_cast<std::size_t>(rank)]);
}

}  // namespace fathom
