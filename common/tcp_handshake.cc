#include "common/tcp_handshake.h"

#include <fmt/format.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace fathom {

namespace asio = boost::asio;
using boost::system::error_code;

TcpHandshake::TcpHandshake(Socket socket, const Secret& secret, int rank, HandshakeSide side, std::chrono::milliseconds timeout, Done done)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      secret_(secret),
      side_(side),
      timeout_(timeout),
      done_(std::move(done)),
      mine_(MakeHello(rank)) {}

void TcpHandshake::Start() {
  timer_.expires_after(timeout_);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled) self->Finish({.why = fmt::format("it did not prove the secret within {} ms", self->timeout_.count())});
  });
  if (side_ == HandshakeSide::kConnector) return SendHello();
  ReadHello();
}

void TcpHandshake::SendHello() {
  hello_out_ = EncodeHello(mine_);
  asio::async_write(socket_, asio::buffer(hello_out_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Broken("greeting", error);
    if (self->side_ == HandshakeSide::kConnector) return self->ReadHello();
    self->ReadProof();
  });
}

void TcpHandshake::ReadHello() {
  asio::async_read(socket_, asio::buffer(hello_in_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Broken("greeting", error);
    self->OnHello();
  });
}

void TcpHandshake::OnHello() {
  HandshakeOutcome refused;
  if (!DecodeHello(hello_in_, &theirs_, &refused.why)) return Finish(std::move(refused));
  if (side_ == HandshakeSide::kConnector) return SendProof();
  SendHello();
}

void TcpHandshake::SendProof() {
  const bool connector = side_ == HandshakeSide::kConnector;
  proof_out_ = MakeProof(secret_, side_, connector ? mine_ : theirs_, connector ? theirs_ : mine_);
  asio::async_write(socket_, asio::buffer(proof_out_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Broken("proof", error);
    self->proof_sent_ = true;
    if (self->peer_proven_) return self->Finish({.proven = true, .peer_rank = static_cast<int>(self->theirs_.rank)});
    self->ReadProof();
  });
}

void TcpHandshake::ReadProof() {
  asio::async_read(socket_, asio::buffer(proof_in_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Broken("proof", error);
    self->OnProof();
  });
}

void TcpHandshake::OnProof() {
  const bool connector = side_ == HandshakeSide::kConnector;
  const HandshakeSide prover = connector ? HandshakeSide::kAcceptor : HandshakeSide::kConnector;
  const ProofBytes expected = MakeProof(secret_, prover, connector ? mine_ : theirs_, connector ? theirs_ : mine_);
  if (!SameProof(expected, proof_in_)) return Finish({.wrong_secret = true, .why = "it does not hold this run's secret"});
  peer_proven_ = true;
  if (!proof_sent_) return SendProof();
  Finish({.proven = true, .peer_rank = static_cast<int>(theirs_.rank)});
}

void TcpHandshake::Broken(const char* where, const error_code& error) {
  Finish({.why = fmt::format("the connection broke before its {} was through ({})", where, error.message())});
}

void TcpHandshake::Finish(HandshakeOutcome outcome) {
  timer_.cancel();
  if (!done_) return;
  const Done done = std::exchange(done_, nullptr);
  if (!outcome.proven) {
    error_code ignored;
    socket_.close(ignored);
  }
  done(std::move(socket_), outcome);
}

}  // namespace fathom
