#include "common/tcp_connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "common/error.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A payload's memory grows as its bytes arrive, so that a claim alone costs nothing.
constexpr std::size_t kReadBytes = 1 << 20;

// Frames of one write.
constexpr std::size_t kMaxFramesAWrite = 16;

void SetOption(int socket, int level, int name, int value) { setsockopt(socket, level, name, &value, sizeof(value)); }

// A peer that vanished without a word is noticed within the timeout, whether there is something
// to send to it or not.
void SetTimeouts(int socket, std::chrono::milliseconds timeout) {
  const int seconds = std::max(1, static_cast<int>(timeout.count() / 1000));
  SetOption(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(timeout.count()));
  SetOption(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  SetOption(socket, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, seconds / 2));
  SetOption(socket, IPPROTO_TCP, TCP_KEEPINTVL, std::max(1, seconds / 6));
  SetOption(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

TcpConnection::TcpConnection(Socket socket, std::chrono::milliseconds timeout, Callbacks callbacks)
    : socket_(std::move(socket)), callbacks_(std::move(callbacks)) {
  SetTimeouts(socket_.native_handle(), timeout);
}

void TcpConnection::Start() {
  ReadHeader();
  WriteNext();
}

void TcpConnection::ReadHeader() {
  asio::async_read(socket_, asio::buffer(header_in_), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Lose(error == asio::error::eof ? "it closed the connection" : error.message());
    try {
      const FrameHeader header = DecodeHeader(self->header_in_);
      self->callbacks_.check(header);
      self->frame_in_ = {.type = header.type, .source = header.source, .destination = header.destination, .step = header.step, .payload = Buffer()};
      self->payload_bytes_ = static_cast<std::size_t>(header.payload_bytes);
    } catch (const Error& bad) {
      return self->Lose(bad.what());
    }
    self->ReadPayload();
  });
}

void TcpConnection::ReadPayload() {
  const std::size_t at = frame_in_.payload.size();
  if (at == payload_bytes_) return Deliver();
  const std::size_t more = std::min(kReadBytes, payload_bytes_ - at);
  frame_in_.payload.Resize(at + more);
  asio::async_read(socket_, asio::buffer(frame_in_.payload.data() + at, more), [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Lose(error == asio::error::eof ? "it closed the connection within a frame" : error.message());
    self->ReadPayload();
  });
}

void TcpConnection::Deliver() {
  try {
    CheckFrame(header_in_, frame_in_.payload.bytes());
  } catch (const Error& bad) {
    return Lose(bad.what());
  }
  callbacks_.deliver(std::exchange(frame_in_, Frame()));
  ReadHeader();
}

void TcpConnection::Send(Frame frame) {
  Outgoing outgoing{.header = {}, .frame = std::move(frame)};
  EncodeHeader(outgoing.frame, outgoing.header);
  {
    const std::lock_guard lock(mutex_);
    if (lost_) return;
    queue_.push_back(std::move(outgoing));
    if (queue_.size() > 1) return;  // the write that is under way goes on with it
  }
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->WriteNext(); });
}

void TcpConnection::WriteNext() {
  std::vector<asio::const_buffer> buffers;
  {
    const std::lock_guard lock(mutex_);
    if (writing_ > 0 || lost_ || queue_.empty()) return;
    writing_ = std::min(queue_.size(), kMaxFramesAWrite);
    for (std::size_t i = 0; i < writing_; ++i) {
      buffers.emplace_back(queue_[i].header.data(), queue_[i].header.size());
      if (queue_[i].frame.payload.size() > 0) buffers.emplace_back(queue_[i].frame.payload.data(), queue_[i].frame.payload.size());
    }
  }
  asio::async_write(socket_, buffers, [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error) return self->Lose(error.message());
    bool empty = false;
    {
      const std::lock_guard lock(self->mutex_);
      self->queue_.erase(self->queue_.begin(), self->queue_.begin() + static_cast<std::ptrdiff_t>(self->writing_));
      self->writing_ = 0;
      empty = self->queue_.empty();
    }
    if (empty) return self->callbacks_.drained();
    self->WriteNext();
  });
}

bool TcpConnection::idle() const {
  const std::lock_guard lock(mutex_);
  return lost_ || queue_.empty();
}

void TcpConnection::Close() {
  {
    const std::lock_guard lock(mutex_);
    lost_ = true;
  }
  error_code ignored;
  socket_.shutdown(Socket::shutdown_both, ignored);
  socket_.close(ignored);
}

void TcpConnection::Lose(const std::string& why) {
  {
    const std::lock_guard lock(mutex_);
    if (lost_) return;
    lost_ = true;
  }
  error_code ignored;
  socket_.close(ignored);
  callbacks_.lost(why);
  callbacks_.drained();
}

}  // namespace fathom
