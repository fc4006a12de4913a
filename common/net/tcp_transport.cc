#include "common/net/tcp_transport.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "common/check.h"
#include "common/error.h"
#include "common/net/local_roles.h"
#include "common/net/tcp_connection.h"
#include "common/net/tcp_rendezvous.h"
#include "common/net/tls_context.h"

namespace fathom {
namespace {

namespace asio = boost::asio;

// The destructor waits at most so long for queues to empty and for peers to end their side.
constexpr auto kCloseTime = std::chrono::seconds(2);

}  // namespace

class TcpTransport::Impl {
 public:
  Impl(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address,
       std::chrono::milliseconds timeout, bool tls);
  ~Impl();

  void Send(Frame frame);
  void Flush(Deadline deadline);
  LocalRoles& inboxes() { return inboxes_; }
  TcpRendezvous& rendezvous() { return rendezvous_; }

 private:
  using Connection = std::shared_ptr<TcpConnection>;

  void OnProven(int rank, asio::ip::tcp::socket socket);
  void SayGoodbye();
  void OnIoThread(const std::function<void()>& task);

  LocalRoles inboxes_;
  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<TlsContext> tls_;  // or null
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<Connection> connections_;  // by rank; set once each, before Connect returns
  TcpRendezvous rendezvous_;
  std::thread thread_;
};

TcpTransport::Impl::Impl(const Layout& layout, int rank, const Secret& secret,
                         const std::string& bind_address, std::chrono::milliseconds timeout,
                         bool tls)
    : inboxes_(layout, rank),
      timeout_(timeout),
      tls_(tls ? std::make_unique<TlsContext>(secret) : nullptr),
      connections_(static_cast<std::size_t>(layout.ranks())),
      rendezvous_(
          io_, inboxes_.layout(), rank, secret, bind_address,
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
  if (inboxes_.ended()) SayGoodbye();
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
      std::move(socket), inboxes_.layout(), inboxes_.rank(), rank, tls_.get(), timeout_,
      TcpConnection::Events{
          .beat = [this, rank] { return inboxes_.Note(FrameType::kBeat, rank); },
          .received = [this](Frame frame) { inboxes_.Deliver(std::move(frame)); },
          .lost = [this, rank](const std::string& reason) { inboxes_.Lose(rank, reason); }});
  connection->Start();
}

void TcpTransport::Impl::Send(Frame frame) {
  if (inboxes_.SendHere(&frame)) return;
  const int rank = inboxes_.layout().roles.at(frame.destination).rank;
  const auto& connection = connections_[static_cast<std::size_t>(rank)];
  FATHOM_CHECK(connection != nullptr);
  connection->Send(std::move(frame));
}

void TcpTransport::Impl::SayGoodbye() {
  for (int rank = 0; rank < inboxes_.layout().ranks(); ++rank) {
    const auto& connection = connections_[static_cast<std::size_t>(rank)];
    if (connection != nullptr) connection->Send(inboxes_.Note(FrameType::kGoodbye, rank));
  }
}

void TcpTransport::Impl::Flush(Deadline deadline) {
  for (const auto& connection : connections_) {
    if (connection != nullptr) connection->Flush(deadline);
  }
}

TcpTransport::TcpTransport(const Layout& layout, int rank, const Secret& secret,
                           const std::string& bind_address, std::chrono::milliseconds timeout,
                           bool tls) {
  try {
    impl_ = std::make_unique<Impl>(layout, rank, secret, bind_address, timeout, tls);
  } catch (const boost::system::system_error& error) {
    Fail(ExitCode::kPeer, "rank {} cannot start its connections: {}", rank, error.what());
  }
}

TcpTransport::~TcpTransport() = default;

std::uint16_t TcpTransport::port() const { return impl_->rendezvous().port(); }

void TcpTransport::Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) {
  impl_->rendezvous().Meet(by_rank, deadline);
}

void TcpTransport::Send(Frame frame) { impl_->Send(std::move(frame)); }

Mailbox& TcpTransport::mailbox(RoleId role) { return impl_->inboxes().mailbox(role); }

void TcpTransport::Flush(Deadline deadline) { impl_->Flush(deadline); }

TrafficCount TcpTransport::traffic(RoleId role) const { return impl_->inboxes().traffic(role); }

std::uint64_t TcpTransport::refused() const { return impl_->rendezvous().refused(); }

std::string TcpTransport::last_refusal() const { return impl_->rendezvous().last_refusal(); }

void TcpTransport::set_handshake_timeout(std::chrono::milliseconds timeout) {
  impl_->rendezvous().set_handshake_timeout(timeout);
}

}  // namespace fathom
