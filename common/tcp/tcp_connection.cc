#include "common/tcp/tcp_connection.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace fathom {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A payload's memory follows the bytes that have come: a claim alone costs no more than this.
constexpr std::size_t kPayloadStep = std::size_t{1} << 20;

constexpr int kKeepaliveProbes = 3;

// An end of TLS's own making is the peer's doing; any other is the network's.
bool IsFault(const error_code& error) {
  return error.category() == asio::error::get_ssl_category() || error == asio::error::timed_out;
}

bool IsEnd(const error_code& error) {
  return error == asio::error::eof || error == asio::ssl::error::stream_truncated;
}

}  // namespace

TcpConnection::TcpConnection(asio::ip::tcp::socket socket, bool dialled, TlsContext* tls,
                             std::chrono::milliseconds timeout, Owner* owner)
    : socket_(std::move(socket)), dialled_(dialled), owner_(owner) {
  SetOptions(timeout);
  if (tls == nullptr) return;
  tls_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket&>>(socket_, tls->ssl());
}

// A connection that died during the handshake takes no options; its first read tells.
void TcpConnection::SetOptions(std::chrono::milliseconds timeout) {
  const auto set = [this](int level, int name, int value) {
    ::setsockopt(socket_.native_handle(), level, name, &value, sizeof(value));
  };
  const int timeout_ms = static_cast<int>(timeout.count());
  const int probe_seconds = std::max(1, timeout_ms / 1000 / (kKeepaliveProbes + 1));
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_ms);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
}

void TcpConnection::Start() {
  if (tls_) return AgreeOnKeys();
  owner_->OnOpened();
}

void TcpConnection::AgreeOnKeys() {
  const auto side = dialled_ ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
  tls_->async_handshake(side, [self = shared_from_this()](const error_code& error) {
    if (self->owner_ == nullptr) return;
    if (!error) return self->owner_->OnOpened();
    self->OnError(error, "TLS found no common keys");
  });
}

template <typename Buffers, typename Handler>
void TcpConnection::AsyncRead(const Buffers& buffers, Handler handler) {
  if (tls_) return asio::async_read(*tls_, buffers, std::move(handler));
  asio::async_read(socket_, buffers, std::move(handler));
}

template <typename Buffers, typename Handler>
void TcpConnection::AsyncWrite(const Buffers& buffers, Handler handler) {
  if (tls_) return asio::async_write(*tls_, buffers, std::move(handler));
  asio::async_write(socket_, buffers, std::move(handler));
}

// What the owner throws, and what a bad frame throws, ends the connection.
template <typename Act>
void TcpConnection::Guarded(Act act) {
  try {
    act();
  } catch (const std::exception& error) {
    if (owner_ != nullptr) owner_->OnFault(error.what());
  }
}

void TcpConnection::ReadNext() {
  in_frame_ = false;
  AsyncRead(asio::buffer(header_bytes_),
            [self = shared_from_this()](const error_code& error, std::size_t bytes) {
              if (self->owner_ == nullptr) return;
              self->in_frame_ = bytes > 0;
              if (error) return self->OnReadError(error);
              self->Guarded([&] {
                self->header_ = DecodeHeader(self->header_bytes_);
                self->owner_->OnHeader(self->header_);
                self->payload_ = Buffer();
                self->ReadPayload();
              });
            });
}

void TcpConnection::ReadPayload() {
  owner_->OnHeard();
  const std::size_t arrived = payload_.size();
  const std::size_t step = std::min<std::size_t>(header_.payload_bytes - arrived, kPayloadStep);
  if (step == 0) {
    CheckFrame(header_bytes_, payload_.bytes());
    return owner_->OnFrame(header_, std::move(payload_));
  }
  payload_.Resize(arrived + step);
  AsyncRead(asio::buffer(payload_.data() + arrived, step),
            [self = shared_from_this()](const error_code& error, std::size_t) {
              if (self->owner_ == nullptr) return;
              if (error) return self->OnReadError(error);
              self->Guarded([&] { self->ReadPayload(); });
            });
}

void TcpConnection::OnReadError(const error_code& error) {
  if (!IsEnd(error)) return OnError(error, "the connection broke");
  owner_->OnBroken(in_frame_ ? "it ended the connection in the middle of a frame"
                             : "it ended the connection before the end of the run");
}

void TcpConnection::OnError(const error_code& error, const std::string& words) {
  const std::string reason = fmt::format("{}: {}", words, error.message());
  if (IsFault(error)) return owner_->OnFault(reason);
  owner_->OnBroken(reason);
}

void TcpConnection::Write(std::vector<KeptFrame> frames) {
  being_written_ = std::move(frames);
  std::vector<asio::const_buffer> buffers;
  for (const KeptFrame& frame : being_written_) {
    buffers.push_back(asio::buffer(frame->header));
    if (frame->payload.size() > 0)
      buffers.push_back(asio::buffer(frame->payload.data(), frame->payload.size()));
  }
  AsyncWrite(buffers, [self = shared_from_this()](const error_code& error, std::size_t) {
    self->being_written_.clear();
    if (self->owner_ != nullptr) self->owner_->OnWritten(error);
  });
}

void TcpConnection::FinishSending() {
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void TcpConnection::Close() {
  owner_ = nullptr;
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace fathom
