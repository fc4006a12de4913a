// One client's connection: reads a request, answers it, reads the next.
//
// Each wait has its time (http_limits.h), after which the connection is closed; nobody else waits
// meanwhile. Requests that a client sends ahead are answered in their order.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <memory>

#include "launcher/http/http_limits.h"
#include "launcher/http/http_message.h"

namespace fathom {

// What all connections of a server share. All of it outlives them.
struct ConnectionContext {
  HttpHandler& handler;
  const HttpLimits& limits;
  boost::asio::thread_pool& long_work;  // where requests are handled that take long
  boost::asio::ssl::context* tls = nullptr;
};

// Thread rule: any thread. It lives as long as it has something to wait for, and calls `ended` at
// its end.
class HttpConnection {
 public:
  virtual ~HttpConnection() = default;

  virtual void Start() = 0;

  // Ends when the request that has begun is answered; at once where none has.
  virtual void Stop() = 0;

  // Ends now.
  virtual void Abort() = 0;
};

// The socket's executor must be a strand.
std::shared_ptr<HttpConnection> MakeConnection(boost::asio::ip::tcp::socket socket,
                                               const ConnectionContext& context,
                                               std::function<void(HttpConnection*)> ended);

}  // namespace fathom
