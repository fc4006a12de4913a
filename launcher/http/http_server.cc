#include "launcher/http/http_server.h"

#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <exception>
#include <utility>

#include "common/error.h"
#include "common/log_line.h"
#include "launcher/http/reply_header.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// After a connection could not be taken for want of descriptors.
constexpr std::chrono::milliseconds kRetryTime{100};

[[noreturn]] void FailToListen(const ListenAddress& at, const error_code& error) {
  const char* const how = error == asio::error::address_in_use
                              ? ": another program listens there; choose another port, or 0 for "
                                "one that is free"
                              : "";
  Fail(ExitCode::kPeer, "--listen {}:{}: {}{}", at.host, at.port, error.message(), how);
}

void Listen(const ListenAddress& at, asio::io_context& io, tcp::acceptor* acceptor) {
  error_code error;
  tcp::resolver resolver(io);
  const auto found =
      resolver.resolve(at.host, std::to_string(at.port),
                       tcp::resolver::passive | tcp::resolver::numeric_service, error);
  if (error || found.empty()) FailToListen(at, error);
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) FailToListen(at, error);
}

}  // namespace

HttpServer::HttpServer(const HttpServerOptions& options, std::optional<asio::ssl::context> tls,
                       HttpHandler& handler)
    : options_(options),
      handler_(handler),
      tls_(std::move(tls)),
      long_work_(static_cast<std::size_t>(options.threads)),
      acceptor_(asio::make_strand(io_)),
      retry_(acceptor_.get_executor()),
      context_{handler_, options_.limits, long_work_, tls_ ? &*tls_ : nullptr} {
  Listen(options_.listen, io_, &acceptor_);
  port_ = acceptor_.local_endpoint().port();
}

std::string HttpServer::url() const {
  const bool six = options_.listen.host.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", tls_ ? "https" : "http", six ? "[" : "",
                     options_.listen.host, six ? "]" : "", port_);
}

void HttpServer::Start() {
  asio::post(acceptor_.get_executor(), [this] { Accept(); });
  for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { RunThread(); });
}

void HttpServer::RunThread() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::exception& error) {  // its connection is gone with it
      LogWarning("a connection was lost: {}", error.what());
    }
  }
}

void HttpServer::Accept() {
  acceptor_.async_accept(asio::make_strand(io_), [this](error_code error, tcp::socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      Welcome(std::move(socket));
    } else if (error == asio::error::no_descriptors || error == asio::error::no_memory ||
               error == asio::error::no_buffer_space) {
      retry_.expires_after(kRetryTime);
      return retry_.async_wait([this](error_code cancelled) {
        if (!cancelled) Accept();
      });
    }
    Accept();
  });
}

void HttpServer::Welcome(tcp::socket socket) {
  error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  bool full = false;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_) return;
    full = connections_.size() >= options_.limits.connections;
  }
  if (!full) {
    const auto connection = MakeConnection(std::move(socket), context_,
                                           [this](HttpConnection* ended) { Forget(ended); });
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      connections_.emplace(connection.get(), connection);
    }
    return connection->Start();
  }
  const HttpReply reply = handler_.Refuse(
      503, fmt::format("{} connections are open, which is the most: try again, or start the server "
                       "with more --max-connections",
                       options_.limits.connections));
  if (tls_) return;
  // As much as the socket takes at once: nobody waits for one who is turned away.
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(ReplyHeader(reply, false) + reply.body), ignored);
  socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void HttpServer::Forget(HttpConnection* connection) {
  const std::lock_guard<std::mutex> lock(mutex_);
  connections_.erase(connection);
  changed_.notify_all();
}

// Not under the lock: the last to hold a connection ends it, which takes the lock.
template <typename Call>
void HttpServer::ForEachConnection(Call call) {
  std::vector<std::shared_ptr<HttpConnection>> all;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const auto& [raw, weak] : connections_) {
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    }
  }
  for (const auto& connection : all) call(*connection);
}

std::size_t HttpServer::Stop() {
  if (threads_.empty()) return 0;
  asio::post(acceptor_.get_executor(), [this] {
    error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  });
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  ForEachConnection([](HttpConnection& connection) { connection.Stop(); });
  const auto all_ended = [this] { return connections_.empty(); };
  std::size_t cut = 0;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    if (!changed_.wait_for(lock, options_.limits.stop, all_ended)) cut = connections_.size();
  }
  ForEachConnection([](HttpConnection& connection) { connection.Abort(); });
  {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(1), all_ended);
  }
  long_work_.stop();
  io_.stop();
  return cut;
}

void HttpServer::Join() {
  for (std::thread& thread : threads_) thread.join();
  long_work_.join();
  threads_.clear();
}

}  // namespace fathom
