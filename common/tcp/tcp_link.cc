#include "common/tcp/tcp_link.h"

#include <fmt/format.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "common/error.h"
#include "common/log_line.h"

namespace fathom {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// One write gathers at most so many frames, a header and a payload each; Asio passes the kernel 64
// buffers at a time.
constexpr std::size_t kFramesAWrite = 32;

// Between the transports of two ranks, about one connection: it has no number.
bool IsNote(FrameType type) { return type == FrameType::kBeat || type == FrameType::kReceived; }

}  // namespace

TcpLink::TcpLink(const asio::any_io_executor& executor, const Layout& layout, int own_rank,
                 int peer_rank, TlsContext* tls, std::chrono::milliseconds timeout, Events events)
    : executor_(executor),
      layout_(layout),
      own_rank_(own_rank),
      peer_rank_(peer_rank),
      tls_(tls),
      timeout_(timeout),
      events_(std::move(events)),
      timer_(executor) {}

TcpLink::~TcpLink() {
  if (connection_) connection_->Close();
}

bool TcpLink::Use(asio::ip::tcp::socket socket) {
  if (ended()) return false;
  if (heard_ == Clock::time_point{}) {
    heard_ = Clock::now();
    TickAgain();
  }
  if (connection_) {
    break_reason_ = "it connected anew";
    Disconnect();
  }
  connection_ = std::make_shared<TcpConnection>(std::move(socket), own_rank_ > peer_rank_, tls_,
                                                timeout_, static_cast<TcpConnection::Owner*>(this));
  connection_->Start();
  return true;
}

void TcpLink::OnOpened() {
  opened_ = true;
  told_ = received_;
  untold_bytes_ = 0;
  SendNote(FrameType::kReceived, received_);
  ReadNext();
}

void TcpLink::TickAgain() {
  timer_.expires_after(timeout_ / kBeatsATimeout);
  timer_.async_wait([self = shared_from_this()](const error_code& cancelled) {
    if (!cancelled && !self->closing_ && !self->goodbye_ && !self->ended()) self->Tick();
  });
}

// A stopped process acknowledges what comes, by its kernel: only its silence tells. One that is not
// read, because its frames wait here, cannot be heard either.
void TcpLink::Tick() {
  const bool deaf = connection_ && full_;
  if (Clock::now() - heard_ > timeout_ && !deaf) return End(SilenceWords());
  Beat();
  TickAgain();
}

void TcpLink::Beat() {
  if (!opened_ || closing_ || goodbye_) return;
  SendNote(FrameType::kBeat, 0);
  Acknowledge();
}

std::string TcpLink::SilenceWords() const {
  const double silent_seconds = Seconds(Clock::now() - heard_);
  if (!resuming_ || break_reason_.empty())
    return fmt::format("it said nothing for {:.1f} s", silent_seconds);
  return fmt::format("{}, and it could not be reached again for {:.1f} s ({})", break_reason_,
                     silent_seconds,
                     trouble_.empty() ? "no attempt to connect came to an end" : trouble_);
}

void TcpLink::OnGone(const std::string& why) { End(fmt::format("{}; {}", break_reason_, why)); }

void TcpLink::OnHeader(const FrameHeader& header) {
  CheckRoute(header);
  if (IsNote(header.type) && header.payload_bytes > 0) {
    Fail(ExitCode::kPeer, "rank {} sent {} with a payload of {} bytes", peer_rank_,
         Described(header.type), header.payload_bytes);
  }
  if (resuming_ && header.type != FrameType::kReceived) {
    Fail(ExitCode::kPeer, "rank {} began a connection with {}, not with {}", peer_rank_,
         Described(header.type), Described(FrameType::kReceived));
  }
}

void TcpLink::CheckRoute(const FrameHeader& header) const {
  const auto plays = [this](RoleId role, int rank) {
    return role < layout_.roles.size() && layout_.roles[role].rank == rank;
  };
  if (!plays(header.source, peer_rank_) || !plays(header.destination, own_rank_)) {
    Fail(ExitCode::kPeer,
         "rank {} sent rank {} a frame from role {} to role {}, which are not theirs", peer_rank_,
         own_rank_, header.source, header.destination);
  }
  if (header.type == FrameType::kHandshake || (goodbye_ && !IsNote(header.type))) {
    Fail(ExitCode::kPeer, "rank {} sent {} {}", peer_rank_, Described(header.type),
         goodbye_ ? "after its goodbye" : "after the handshake");
  }
}

void TcpLink::OnFrame(const FrameHeader& header, Buffer payload) {
  if (header.type == FrameType::kLeft)
    return End("it ended the connection before the end of the run");
  if (header.type == FrameType::kReceived) {
    OnReceived(header.step);
  } else if (!IsNote(header.type)) {
    OnNumbered(header, std::move(payload));
  }
  ReadNext();
}

void TcpLink::OnNumbered(const FrameHeader& header, Buffer payload) {
  ++received_;
  untold_bytes_ += kFrameHeaderBytes + header.payload_bytes;
  if (header.type == FrameType::kGoodbye) {
    goodbye_ = true;
  } else if (!closing_) {
    events_.received({.type = header.type,
                      .source = header.source,
                      .destination = header.destination,
                      .step = header.step,
                      .payload = std::move(payload),
                      .arrived = {},
                      .held = Hold(header.payload_bytes)});
  }
  if (goodbye_ || untold_bytes_ >= kAcknowledgeBytes) Acknowledge();
}

// The first of a connection says where to go on; the others, what need not be kept any longer.
void TcpLink::OnReceived(std::uint64_t number) {
  std::vector<KeptFrame> dropped;  // freed without the lock
  std::uint64_t again = 0;
  {
    const std::lock_guard lock(mutex_);
    const std::uint64_t written = queue_.written();
    dropped = resuming_ ? queue_.Resume(number) : queue_.Acknowledge(number);
    again = written - number;
  }
  if (std::exchange(resuming_, false)) OnResumed(again);
  WriteNext();
}

void TcpLink::OnResumed(std::uint64_t frames_again) {
  events_.seek(false);
  if (break_reason_.empty()) return;  // the first connection
  trouble_.clear();
  LogWarning(
      "rank {}: the connection with rank {} holds again after {:.2f} s; {} frames are sent "
      "again",
      own_rank_, peer_rank_, Seconds(Clock::now() - broke_), frames_again);
}

void TcpLink::Acknowledge() {
  if (told_ == received_) return;
  told_ = received_;
  untold_bytes_ = 0;
  SendNote(FrameType::kReceived, received_);
}

void TcpLink::SendNote(FrameType type, std::uint64_t step) {
  if (finished_) return;
  Frame note = events_.note(type);
  note.step = step;
  notes_.push_back(MakeOutgoing(std::move(note)));
  WriteNext();
}

void TcpLink::Send(Frame frame) {
  KeptFrame kept = MakeOutgoing(std::move(frame));
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    queue_.Push(std::move(kept));
    if (std::exchange(busy_, true)) return;
  }
  asio::post(executor_, [self = shared_from_this()] { self->WriteNext(); });
}

void TcpLink::WriteNext() {
  if (in_flight_ || finished_ || !opened_) return;
  std::vector<KeptFrame> frames = std::exchange(notes_, {});
  {
    const std::lock_guard lock(mutex_);
    if (!resuming_) queue_.TakeUnwritten(kFramesAWrite, &frames);
    busy_ = !frames.empty() || resuming_;
    if (!busy_) changed_.notify_all();
  }
  if (!frames.empty()) {
    in_flight_ = true;
    return connection_->Write(std::move(frames));
  }
  if (!closing_ || resuming_) return;
  finished_ = true;
  connection_->FinishSending();
}

void TcpLink::OnWritten(const error_code& error) {
  if (!error) {
    in_flight_ = false;
    return WriteNext();
  }
  if (error == asio::error::timed_out) return End("it took nothing for cluster.timeout_seconds");
  if (full_) {
    return OnBroken(fmt::format("the connection broke: {}", error.message()));
  }
  // What the peer sent last may still wait to be read, and says more than a failed write: so the
  // next read ends the connection.
  finished_ = true;
  connection_->FinishSending();
}

// A peer whose frames nobody takes is not heard until somebody does; its kernel gives up when that
// lasts longer than its deadline.
void TcpLink::ReadNext() {
  full_ = waiting_bytes_ > kMaxWaitingBytes && !closing_;
  if (!full_) connection_->ReadNext();
}

// Let go when the frame is taken, on whatever thread.
std::shared_ptr<void> TcpLink::Hold(std::uint64_t bytes) {
  waiting_bytes_ += bytes;
  return {this, [link = weak_from_this(), bytes](void*) {
            const auto self = link.lock();
            if (!self) return;
            asio::post(self->executor_, [self, bytes] { self->Release(bytes); });
          }};
}

void TcpLink::Release(std::uint64_t bytes) {
  waiting_bytes_ -= bytes;
  if (!full_) return;
  heard_ = Clock::now();
  ReadNext();
}

void TcpLink::OnBroken(const std::string& reason) {
  if (goodbye_ || left_ || (closing_ && AllAcknowledged())) return End(std::nullopt);
  if (!resuming_) {
    LogWarning("rank {}: of rank {} on {}: {}; a new connection is sought", own_rank_, peer_rank_,
               layout_.hosts[static_cast<std::size_t>(peer_rank_)], reason);
  }
  break_reason_ = reason;
  Disconnect();
  events_.seek(true);
}

// Without a connection the deadline runs also for a peer that was not read.
void TcpLink::Disconnect() {
  connection_->Close();
  connection_.reset();
  if (!resuming_) broke_ = Clock::now();
  if (std::exchange(full_, false)) heard_ = Clock::now();
  opened_ = in_flight_ = finished_ = false;
  resuming_ = true;
  notes_.clear();
  const std::lock_guard lock(mutex_);
  busy_ = true;
}

void TcpLink::Flush(Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline,
                      [this] { return ended_ || (queue_.all_written() && !busy_); });
}

void TcpLink::Leave(Frame last_word) {
  left_ = last_word.type == FrameType::kLeft;
  if (left_ && !connection_ && AllAcknowledged()) return End(std::nullopt);
  Send(std::move(last_word));
}

void TcpLink::BeginClose() {
  closing_ = true;
  timer_.cancel();
  if (!connection_ && AllAcknowledged()) return End(std::nullopt);
  if (full_) ReadNext();
  WriteNext();
}

void TcpLink::AwaitClosed(Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [this] { return ended_; });
}

bool TcpLink::ended() {
  const std::lock_guard lock(mutex_);
  return ended_;
}

bool TcpLink::AllAcknowledged() {
  const std::lock_guard lock(mutex_);
  return queue_.all_acknowledged();
}

// A loss is told unless this side is closing anyway.
void TcpLink::End(const std::optional<std::string>& loss) {
  SendQueue dropped;  // freed without the lock
  {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    ended_ = true;
    std::swap(dropped, queue_);
    changed_.notify_all();
  }
  timer_.cancel();
  if (connection_) connection_->Close();
  opened_ = false;
  events_.seek(false);
  if (loss && !closing_) events_.lost(*loss);
}

}  // namespace fathom
