#include "common/tcp/tcp_transport.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

#include "common/check.h"
#include "common/error.h"
#include "common/net/local_roles.h"
#include "common/tcp/tcp_link.h"
#include "common/tcp/tcp_rendezvous.h"
#include "common/tcp/tcp_reunion.h"
#include "common/tcp/tls_context.h"

namespace fathom {
namespace {

namespace asio = boost::asio;

// The destructor waits at most so long for queues to empty and for peers to end their side.
constexpr auto kCloseTime = std::chrono::seconds(2);

constexpr auto kPauseBetweenLooks = std::chrono::milliseconds(100);

}  // namespace

class TcpTransport::Impl {
 public:
  Impl(const Layout& layout, int rank, const Secret& secret, const std::string& bind_address,
       std::chrono::milliseconds timeout, bool tls, const Strangers& strangers);
  ~Impl();

  void Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline);
  void Send(Frame frame);
  void Flush(Deadline deadline);
  LocalRoles& local_roles() { return local_roles_; }
  TcpRendezvous& rendezvous() { return rendezvous_; }

 private:
  using Link = std::shared_ptr<TcpLink>;

  bool OnProven(int rank, asio::ip::tcp::socket socket);
  void OnLook();
  Link MakeLink(int rank);
  Link& LinkTo(int rank) { return links_[static_cast<std::size_t>(rank)]; }
  void OnIoThread(const std::function<void()>& task);

  LocalRoles local_roles_;
  const std::chrono::milliseconds timeout_;
  const std::unique_ptr<TlsContext> tls_;  // or null
  asio::io_context io_{1};
  asio::executor_work_guard<asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<Link> links_;  // by rank; set once each, before Connect returns
  Clock::time_point next_look_{};
  TcpReunion reunion_;
  TcpRendezvous rendezvous_;
  std::thread thread_;
};

TcpTransport::Impl::Impl(const Layout& layout, int rank, const Secret& secret,
                         const std::string& bind_address, std::chrono::milliseconds timeout,
                         bool tls, const Strangers& strangers)
    : local_roles_(layout, rank),
      timeout_(timeout),
      tls_(tls ? std::make_unique<TlsContext>(secret) : nullptr),
      links_(static_cast<std::size_t>(layout.ranks())),
      reunion_(
          io_, rank, secret, timeout,
          {.proven = [this](int peer,
                            asio::ip::tcp::socket socket) { LinkTo(peer)->Use(std::move(socket)); },
           .trouble = [this](int peer,
                             const std::string& trouble) { LinkTo(peer)->OnTrouble(trouble); },
           .gone = [this](int peer, const std::string& why) { LinkTo(peer)->OnGone(why); }}),
      rendezvous_(io_, local_roles_.layout(), rank, secret, bind_address,
                  {.proven =
                       [this](int peer, asio::ip::tcp::socket socket) {
                         return OnProven(peer, std::move(socket));
                       },
                   .looked = [this] { OnLook(); }},
                  strangers),
      thread_([this] { io_.run(); }) {}

// Until all is said a connection that breaks is still mended.
TcpTransport::Impl::~Impl() {
  const Deadline deadline = Clock::now() + kCloseTime;
  const FrameType last = local_roles_.ended() ? FrameType::kGoodbye : FrameType::kLeft;
  std::vector<Link> open;
  OnIoThread([&] {
    std::copy_if(links_.begin(), links_.end(), std::back_inserter(open),
                 [](const Link& one) { return one != nullptr; });
    for (const auto& link : open) link->Leave(local_roles_.Note(last, link->peer_rank()));
  });
  for (const auto& link : open) link->Flush(deadline);
  OnIoThread([&] {
    for (const auto& link : open) link->BeginClose();
  });
  for (const auto& link : open) link->AwaitClosed(deadline);
  OnIoThread([&] {
    rendezvous_.Stop();
    reunion_.Stop();
  });
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

bool TcpTransport::Impl::OnProven(int rank, asio::ip::tcp::socket socket) {
  if (!LinkTo(rank)) LinkTo(rank) = MakeLink(rank);
  return LinkTo(rank)->Use(std::move(socket));
}

// A rank that looks whether this one lives has lost their connection. Where this side has not
// noticed, a beat finds out. Strangers cost no more than a few beats a second.
void TcpTransport::Impl::OnLook() {
  const auto now = Clock::now();
  if (now < next_look_) return;
  next_look_ = now + kPauseBetweenLooks;
  for (const auto& link : links_) {
    if (link != nullptr) link->Beat();
  }
}

TcpTransport::Impl::Link TcpTransport::Impl::MakeLink(int rank) {
  return std::make_shared<TcpLink>(
      io_.get_executor(), local_roles_.layout(), local_roles_.rank(), rank, tls_.get(), timeout_,
      TcpLink::Events{
          .note = [this, rank](FrameType type) { return local_roles_.Note(type, rank); },
          .received = [this](Frame frame) { local_roles_.Deliver(std::move(frame)); },
          .seek = [this, rank](bool needed) { needed ? reunion_.Seek(rank) : reunion_.Rest(rank); },
          .lost = [this, rank](const std::string& reason) { local_roles_.Lose(rank, reason); }});
}

void TcpTransport::Impl::Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) {
  std::vector<asio::ip::tcp::endpoint> endpoints;
  for (const TcpAddress& address : by_rank) endpoints.push_back(EndpointOf(address));
  OnIoThread([&] { reunion_.SetAddresses(endpoints); });
  rendezvous_.Meet(endpoints, deadline);
}

void TcpTransport::Impl::Send(Frame frame) {
  if (local_roles_.SendHere(&frame)) return;
  const Link& to = LinkTo(local_roles_.layout().roles.at(frame.destination).rank);
  FATHOM_CHECK(to != nullptr);
  to->Send(std::move(frame));
}

void TcpTransport::Impl::Flush(Deadline deadline) {
  for (const auto& link : links_) {
    if (link != nullptr) link->Flush(deadline);
  }
}

TcpTransport::TcpTransport(const Layout& layout, int rank, const Secret& secret,
                           const std::string& bind_address, std::chrono::milliseconds timeout,
                           bool tls, const Strangers& strangers) {
  try {
    impl_ = std::make_unique<Impl>(layout, rank, secret, bind_address, timeout, tls, strangers);
  } catch (const boost::system::system_error& error) {
    Fail(ExitCode::kPeer, "rank {} cannot start its connections: {}", rank, error.what());
  }
}

TcpTransport::~TcpTransport() = default;

std::uint16_t TcpTransport::port() const { return impl_->rendezvous().port(); }

void TcpTransport::Connect(const std::vector<TcpAddress>& by_rank, Deadline deadline) {
  impl_->Connect(by_rank, deadline);
}

void TcpTransport::Send(Frame frame) { impl_->Send(std::move(frame)); }

Mailbox& TcpTransport::mailbox(RoleId role) { return impl_->local_roles().mailbox(role); }

void TcpTransport::Flush(Deadline deadline) { impl_->Flush(deadline); }

TrafficCount TcpTransport::traffic(RoleId role) const { return impl_->local_roles().traffic(role); }

}  // namespace fathom
