// A server of HTTP/1.1: it listens, and a fixed number of threads read, handle and answer. A
// connection is one strand of work for whichever of them is free. As many threads beside them
// handle the requests that may take long.
//
// Thread rule: Start and Stop from one thread, the rest from any. Failures: Error(kPeer) that says
// why it cannot listen.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "launcher/http/http_connection.h"
#include "launcher/http/http_limits.h"
#include "launcher/http/listen_address.h"

namespace fathom {

struct HttpServerOptions {
  ListenAddress listen;
  int threads = 1;
  HttpLimits limits = {};
};

class HttpServer {
 public:
  // Listens from now on; nobody is answered before Start. `handler` outlives it.
  HttpServer(const HttpServerOptions& options, std::optional<boost::asio::ssl::context> tls,
             HttpHandler& handler);
  ~HttpServer() {
    Stop();
    Join();
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url() const;

  void Start();

  // Takes no more connections, and answers the requests that have begun, but for no longer than
  // limits.stop. Returns how many connections were cut; a thread may still be at work for one then,
  // and the destructor waits for it.
  std::size_t Stop();

 private:
  void Accept();
  void Welcome(boost::asio::ip::tcp::socket socket);
  void Forget(HttpConnection* connection);
  void RunThread();
  void Join();
  template <typename Call>
  void ForEachConnection(Call call);

  const HttpServerOptions options_;
  HttpHandler& handler_;
  std::optional<boost::asio::ssl::context> tls_;
  std::uint16_t port_ = 0;

  // Above what holds connections, which say here that they end.
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::unordered_map<HttpConnection*, std::weak_ptr<HttpConnection>> connections_;

  boost::asio::io_context io_;
  boost::asio::thread_pool long_work_;
  boost::asio::ip::tcp::acceptor acceptor_;
  boost::asio::steady_timer retry_;
  ConnectionContext context_;
  std::vector<std::thread> threads_;
};

}  // namespace fathom
