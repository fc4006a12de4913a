#include "common/tcp_transport.h"

#include <algorithm>
#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <deque>
#include <future>
#include <thread>

#include "common/check.h"
#include "common/error.h"
#include "common/role_inbox.h"
#include "common/tcp_connection.h"
#include "common/tcp_rendezvous.h"

namespace fathom {
namespace {

namespace asio = boost::asio;

// The destructor waits at most so long for queues to empty and for peers to end their side.
constexpr auto kCloseTime = std::chrono::seconds(2);

}  // namespace

class TcpTransport::Impl {
 public:
  Impl(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address,
       std::chrono::milliseconds timeout);
  ~Impl();

  void Send(Frame frame);
  void Flush(Deadline deadline);
  RoleInbox& role(RoleId id) { return roles_.at(id); }
  bool IsHere(RoleId id) const {
    return id < layout_.roles.size() && layout_.roles[id].rank == rank_;
  }
  TcpRendezvous& rendezvous() { return rendezvous_; }

 private:
  using Connection = std::shared_ptr<TcpConnection>;

  void OnProven(int rank, asio::ip::tcp::socket socket);
  void Deliver(Frame frame);
  void OnLost(int rank, const std::string& reason);
  void SayGoodbye();
  void OnIoThread(const std::function<void()>& task);

  const Layout layout_;
  const int rank_;
  const std::chrono::milliseconds timeout_;
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::deque<RoleInbox> roles_;          // by id
  std::vector<Connection> connections_;  // by rank; set once each, before Connect returns
  std::atomic<bool> stopped_{false};     // kStop was sent or received: the run has ended in order
  TcpRendezvous rendezvous_;
  std::thread thread_;
};

TcpTransport::Impl::Impl(const Layout& layout, int rank, const Secret& secret,
                         const std::string& bind_address, std::chrono::milliseconds timeout)
    : layout_(layout),
      rank_(rank),
      timeout_(timeout),
      roles_(layout.roles.size()),
      connections_(static_cast<std::size_t>(layout.ranks())),
      rendezvous_(
          io_, layout_, rank, secret, bind_address,
          [this](int peer, asio::ip::tcp::socket socket) { OnProven(peer, std::move(socket)); }),
      thread_([this] { io_.run(); }) {}

TcpTransport::Impl::~Impl() {
  const Deadline deadline = Clock::now() + kCloseTime;
  std::vector<Connection> open;
  OnIoThread([&] {
    rendezvous_.Stop();
    std::copy_if(connections_.begin(), connections_.end(), std::back_inserter(open),
                 [](const Connection& one) { return one != nullptr; });
  });
  if (stopped_) SayGoodbye();
  for (const auto& connection : open) connection->Flush(deadline);
  OnIoThread([&] {
    for (const auto& connection : open) connection->BeginClose();
  });
  for (const auto& connection : open) connection->AwaitClosed(deadline);
  io_.stop();
  thread_.join();
}

void TcpTransport::Impl::OnIoThread(const std::function<void()>& task) {
  std::promise<void> done;
  asio::post(io_, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void TcpTransport::Impl::OnProven(int rank, asio::ip::tcp::socket socket) {
  auto& connection = connections_[static_cast<std::size_t>(rank)];
  connection = std::make_shared<TcpConnection>(
      std::move(socket), layout_, rank_, rank, timeout_,
      TcpConnection::Events{
          .received = [this](Frame frame) { Deliver(std::move(frame)); },
          .lost = [this, rank](const std::string& reason) { OnLost(rank, reason); }});
  connection->Start();
}

void TcpTransport::Impl::Deliver(Frame frame) {
  if (frame.type == FrameType::kStop) stopped_ = true;
  role(frame.destination).Deliver(std::move(frame));
}

// After kStop nobody waits for anybody, and the ends of the other processes are no news.
void TcpTransport::Impl::OnLost(int rank, const std::string& reason) {
  if (stopped_) return;
  for (const Role& there : layout_.roles) {
    if (there.rank != rank) continue;
    for (const Role& here : layout_.roles) {
      if (here.rank != rank_) continue;
      Frame lost{.type = FrameType::kPeerLost,
                 .source = there.id,
                 .destination = here.id,
                 .step = 0,
                 .payload = Buffer(reason.size())};
      std::memcpy(lost.payload.data(), reason.data(), reason.size());
      role(here.id).mailbox.Put(std::move(lost));
    }
  }
}

void TcpTransport::Impl::Send(Frame frame) {
  FATHOM_CHECK(IsHere(frame.source));
  if (frame.payload.size() > kMaxFrameBytes) {
    Fail(ExitCode::kTraining,
         "a frame of {} bytes from {} to {} is over the limit of {}: use a smaller "
         "train.batch_size, or more servers",
         frame.payload.size(), RoleName(layout_.roles[frame.source]),
         RoleName(layout_.roles.at(frame.destination)), kMaxFrameBytes);
  }
  if (frame.type == FrameType::kStop) stopped_ = true;
  role(frame.source).CountSent(frame);
  if (IsHere(frame.destination)) return Deliver(std::move(frame));
  const auto& connection =
      connections_[static_cast<std::size_t>(layout_.roles.at(frame.destination).rank)];
  FATHOM_CHECK(connection != nullptr);
  connection->Send(std::move(frame));
}

void TcpTransport::Impl::SayGoodbye() {
  const auto first_of = [this](int rank) {
    return std::find_if(layout_.roles.begin(), layout_.roles.end(),
                        [rank](const Role& role) { return role.rank == rank; })
        ->id;
  };
  for (int rank = 0; rank < layout_.ranks(); ++rank) {
    const auto& connection = connections_[static_cast<std::size_t>(rank)];
    if (connection == nullptr) continue;
    connection->Send({.type = FrameType::kGoodbye,
                      .source = first_of(rank_),
                      .destination = first_of(rank),
                      .step = 0,
                      .payload = {}});
  }
}

void TcpTransport::Impl::Flush(Deadline deadline) {
  for (const auto& connection : connections_) {
    if (connection != nullptr) connection->Flush(deadline);
  }
}

TcpTransport::TcpTransport(const Layout& layout, int rank, const Secret& secret,
                           const std::string& bind_address, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>(layout, rank, secret, bind_address, timeout)) {}

TcpTransport::~TcpTransport() = default;

std::uint16_t TcpTransport::port() const { return impl_->rendezvous().port(); }

void TcpTransport::Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) {
  impl_->rendezvous().Meet(by_rank, deadline);
}

void TcpTransport::Send(Frame frame) { impl_->Send(std::move(frame)); }

Mailbox& TcpTransport::mailbox(RoleId role) {
  FATHOM_CHECK(impl_->IsHere(role));
  return impl_->role(role).mailbox;
}

void TcpTransport::Flush(Deadline deadline) { impl_->Flush(deadline); }

TrafficCount TcpTransport::traffic(RoleId role) const { return impl_->role(role).Count(); }

std::uint64_t TcpTransport::refused() const { return impl_->rendezvous().refused(); }

std::string TcpTransport::last_refusal() const { return impl_->rendezvous().last_refusal(); }

void TcpTransport::set_handshake_timeout(std::chrono::milliseconds timeout) {
  impl_->rendezvous().set_handshake_timeout(timeout);
}

}  // namespace fathom
