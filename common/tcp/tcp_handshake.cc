#include "common/tcp/tcp_handshake.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace fathom {

namespace asio = boost::asio;
using boost::system::error_code;

TcpHandshake::TcpHandshake(asio::ip::tcp::socket socket, const Handshake& handshake, Done done)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      handshake_(handshake),
      done_(std::move(done)) {}

void TcpHandshake::Start(bool connects, Deadline deadline) {
  timer_.expires_at(deadline);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error)
      self->Finish(Error(ExitCode::kPeer, "the handshake was not over within its deadline"));
  });
  if (connects) {
    Send(handshake_.Hello());
  } else {
    Read();
  }
}

void TcpHandshake::Drop() {
  done_ = nullptr;
  Finish(std::nullopt);
  error_code ignored;
  socket_.close(ignored);
}

void TcpHandshake::Send(const HandshakeMessage& message) {
  outgoing_ = message;
  asio::async_write(socket_, asio::buffer(outgoing_),
                    [self = shared_from_this()](const error_code& error, std::size_t) {
                      if (error) return self->OnError(error);
                      if (self->handshake_.proven()) return self->Finish(std::nullopt);
                      self->Read();
                    });
}

void TcpHandshake::Read() {
  asio::async_read(socket_, asio::buffer(incoming_),
                   [self = shared_from_this()](const error_code& error, std::size_t bytes) {
                     self->only_looked_ = error && bytes == 0 && self->handshake_.peer_rank() < 0 &&
                                          error != asio::error::operation_aborted;
                     if (error) return self->OnError(error);
                     self->OnMessage();
                   });
}

void TcpHandshake::OnMessage() {
  try {
    if (const auto answer = handshake_.Take(incoming_)) return Send(*answer);
  } catch (const Error& error) {
    return Finish(error);
  }
  Finish(std::nullopt);
}

void TcpHandshake::OnError(const error_code& error) {
  if (handshake_.awaits_acceptance()) {
    return Finish(Error(ExitCode::kRefused,
                        fmt::format("rank {} ended the connection on this process's proof of the "
                                    "run's secret: the two were "
                                    "given different secrets, or it failed at that moment",
                                    handshake_.peer_rank())));
  }
  Finish(Error(
      ExitCode::kPeer,
      fmt::format("the connection ended before the handshake was over ({})", error.message())));
}

void TcpHandshake::Finish(std::optional<Error> failure) {
  timer_.cancel();
  const Done done = std::exchange(done_, nullptr);
  if (!done) return;
  failure_ = std::move(failure);
  if (failure_) {
    error_code ignored;
    socket_.close(ignored);
  }
  done(*this);
}

}  // namespace fathom
