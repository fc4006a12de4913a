#include "common/net/tcp_connection.h"

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

#include "common/error.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// A payload's memory follows the bytes that have come: a claim alone costs no more than this.
constexpr std::size_t kPayloadStep = std::size_t{1} << 20;

// One write gathers at most so many frames, a header and a payload each; Asio passes the kernel 64
// buffers at a time.
constexpr std::size_t kFramesAWrite = 32;

constexpr int kKeepaliveProbes = 3;

constexpr int kBeatsATimeout = 5;

}  // namespace

TcpConnection::TcpConnection(asio::ip::tcp::socket socket, const Layout& layout, int own_rank,
                             int peer_rank, TlsContext* tls, std::chrono::milliseconds timeout,
                             Events events)
    : socket_(std::move(socket)),
      layout_(layout),
      own_rank_(own_rank),
      peer_rank_(peer_rank),
      timeout_(timeout),
      events_(std::move(events)),
      beat_timer_(socket_.get_executor()) {
  SetOptions();
  if (tls == nullptr) return;
  tls_ = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket&>>(socket_, tls->ssl());
  writing_ = true;  // what is sent waits for the keys
}

// A connection that died during the handshake takes no options; its first read tells.
void TcpConnection::SetOptions() {
  const auto set = [this](int level, int name, int value) {
    ::setsockopt(socket_.native_handle(), level, name, &value, sizeof(value));
  };
  const int timeout_ms = static_cast<int>(timeout_.count());
  const int probe_seconds = std::max(1, timeout_ms / 1000 / (kKeepaliveProbes + 1));
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, timeout_ms);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, probe_seconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepaliveProbes);
}

void TcpConnection::Start() {
  heard_ = Clock::now();
  BeatAgain();
  if (tls_) return AgreeOnKeys();
  ReadHeader();
}

void TcpConnection::AgreeOnKeys() {
  const auto side =
      own_rank_ > peer_rank_ ? asio::ssl::stream_base::client : asio::ssl::stream_base::server;
  tls_->async_handshake(side, [self = shared_from_this()](const error_code& error) {
    if (error) return self->End(fmt::format("TLS found no common keys: {}", error.message()));
    self->ReadHeader();
    self->WriteQueued();
  });
}

template <typename Buffers, typename Handler>
void TcpConnection::Read(const Buffers& buffers, Handler handler) {
  if (tls_) return asio::async_read(*tls_, buffers, std::move(handler));
  asio::async_read(socket_, buffers, std::move(handler));
}

template <typename Buffers, typename Handler>
void TcpConnection::Write(const Buffers& buffers, Handler handler) {
  if (tls_) return asio::async_write(*tls_, buffers, std::move(handler));
  asio::async_write(socket_, buffers, std::move(handler));
}

// A stopped process acknowledges what comes, by its kernel: only its silence tells.
void TcpConnection::BeatAgain() {
  beat_timer_.expires_after(timeout_ / kBeatsATimeout);
  beat_timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (cancelled || self->closing_ || self->goodbye_) return;
    const std::chrono::duration<double> silent = Clock::now() - self->heard_;
    if (silent > self->timeout_ && !self->full_)
      return self->End(fmt::format("it said nothing for {:.1f} s", silent.count()));
    self->Send(self->events_.beat());
    self->BeatAgain();
  });
}

void TcpConnection::ReadHeader() {
  in_frame_ = false;
  Read(asio::buffer(header_bytes_),
       [self = shared_from_this()](const error_code& error, std::size_t bytes) {
         self->in_frame_ = bytes > 0;
         if (error) return self->OnReadError(error);
         self->OnHeader();
       });
}

void TcpConnection::OnHeader() {
  try {
    header_ = DecodeHeader(header_bytes_);
    CheckRoute();
    payload_ = Buffer();
    ReadPayload();
  } catch (const std::exception& error) {
    End(error.what());
  }
}

void TcpConnection::CheckRoute() const {
  const auto plays = [this](RoleId role, int rank) {
    return role < layout_.roles.size() && layout_.roles[role].rank == rank;
  };
  if (!plays(header_.source, peer_rank_) || !plays(header_.destination, own_rank_)) {
    Fail(ExitCode::kPeer,
         "rank {} sent rank {} a frame from role {} to role {}, which are not theirs", peer_rank_,
         own_rank_, header_.source, header_.destination);
  }
  if (header_.type == FrameType::kHandshake || goodbye_) {
    Fail(ExitCode::kPeer, "rank {} sent {} {}", peer_rank_, Described(header_.type),
         goodbye_ ? "after its goodbye" : "after the handshake");
  }
}

void TcpConnection::ReadPayload() {
  heard_ = Clock::now();
  const std::size_t arrived = payload_.size();
  const std::size_t step = std::min<std::size_t>(header_.payload_bytes - arrived, kPayloadStep);
  if (step == 0) return OnFrame();
  payload_.Resize(arrived + step);
  Read(asio::buffer(payload_.data() + arrived, step),
       [self = shared_from_this()](const error_code& error, std::size_t) {
         if (error) return self->OnReadError(error);
         try {
           self->ReadPayload();
         } catch (const std::exception& failure) {
           self->End(failure.what());
         }
       });
}

void TcpConnection::OnFrame() {
  CheckFrame(header_bytes_, payload_.bytes());
  if (header_.type == FrameType::kGoodbye) {
    goodbye_ = true;
  } else if (header_.type != FrameType::kBeat && !closing_) {
    events_.received({.type = header_.type,
                      .source = header_.source,
                      .destination = header_.destination,
                      .step = header_.step,
                      .payload = std::move(payload_),
                      .arrived = {},
                      .held = Hold(header_.payload_bytes)});
  }
  ReadNext();
}

// A peer whose frames nobody takes is not heard until somebody does; its kernel gives up when that
// lasts longer than its deadline.
void TcpConnection::ReadNext() {
  full_ = waiting_bytes_ > kMaxWaitingBytes && !closing_;
  if (!full_) ReadHeader();
}

// Let go when the frame is taken, on whatever thread.
std::shared_ptr<void> TcpConnection::Hold(std::uint64_t bytes) {
  waiting_bytes_ += bytes;
  return {this, [connection = weak_from_this(), bytes](void*) {
            const auto self = connection.lock();
            if (!self) return;
            asio::post(self->socket_.get_executor(), [self, bytes] { self->Release(bytes); });
          }};
}

void TcpConnection::Release(std::uint64_t bytes) {
  waiting_bytes_ -= bytes;
  if (!full_) return;
  heard_ = Clock::now();
  ReadNext();
}

void TcpConnection::OnReadError(const error_code& error) {
  if (goodbye_ && !in_frame_) return End(std::nullopt);
  if (error != asio::error::eof && error != asio::ssl::error::stream_truncated)
    return End(fmt::format("the connection broke: {}", error.message()));
  End(in_frame_ ? "it ended the connection in the middle of a frame"
                : "it ended the connection before the end of the run");
}

void TcpConnection::Send(Frame frame) {
  Outgoing outgoing;
  EncodeHeader(frame, outgoing.header);
  outgoing.payload = std::move(frame.payload);
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  queue_.push_back(std::move(outgoing));
  if (std::exchange(writing_, true)) return;
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->WriteQueued(); });
}

void TcpConnection::WriteQueued() {
  being_written_.clear();
  {
    const std::lock_guard lock(mutex_);
    if (queue_.empty() || ended_) {
      writing_ = false;
      changed_.notify_all();
      return;
    }
    const std::size_t frames = std::min(queue_.size(), kFramesAWrite);
    for (std::size_t i = 0; i < frames; ++i) {
      being_written_.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }
  std::vector<asio::const_buffer> buffers;
  for (const Outgoing& frame : being_written_) {
    buffers.push_back(asio::buffer(frame.header));
    if (frame.payload.size() > 0)
      buffers.push_back(asio::buffer(frame.payload.data(), frame.payload.size()));
  }
  Write(buffers, [self = shared_from_this()](const error_code& error, std::size_t) {
    if (error == asio::error::timed_out) self->End("it took nothing for cluster.timeout_seconds");
    // What the peer sent last may still wait to be read, and says more than a
    // failed write: so the next read ends the connection.
    if (error) {
      error_code ignored;
      self->socket_.shutdown(asio::socket_base::shutdown_send, ignored);
      const std::lock_guard lock(self->mutex_);
      self->queue_.clear();
    }
    self->WriteQueued();
  });
}

void TcpConnection::Flush(Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return ended_ || (queue_.empty() && !writing_); });
}

void TcpConnection::BeginClose() {
  closing_ = true;
  beat_timer_.cancel();
  if (full_) ReadNext();
  error_code ignored;
  socket_.shutdown(asio::socket_base::shutdown_send, ignored);
}

void TcpConnection::AwaitClosed(Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return ended_; });
}

// A loss is told unless this side is closing anyway.
void TcpConnection::End(const std::optional<std::string>& loss) {
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    queue_.clear();
    changed_.notify_all();
  }
  error_code ignored;
  beat_timer_.cancel();
  socket_.close(ignored);
  if (loss && !closing_) events_.lost(*loss);
}

}  // namespace fathom
