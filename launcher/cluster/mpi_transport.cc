#include "launcher/cluster/mpi_transport.h"

#include <mpi.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "common/error.h"
#include "common/net/local_roles.h"
#include "launcher/cluster/mpi_alarm.h"
#include "launcher/cluster/mpi_call.h"
#include "launcher/cluster/mpi_message.h"

namespace fathom {
namespace {

// Polls without pause for so long after something has moved.
constexpr auto kSpin = std::chrono::microseconds(50);
constexpr auto kShortestNap = std::chrono::microseconds(20);
constexpr auto kLongestNap = std::chrono::microseconds(1000);

}  // namespace

class MpiTransport::Impl {
 public:
  Impl(const Layout& layout, int rank, std::chrono::milliseconds timeout);
  ~Impl();

  void Send(Frame frame);
  void Flush(Deadline deadline);
  LocalRoles& local_roles() { return local_roles_; }

 private:
  void Run();
  void Loop();
  bool Progress();
  void Beat();
  bool StartSends();
  bool FinishSends();
  bool StartReceives();
  bool FinishReceives();
  void Deliver(Frame frame);
  void Lose(int rank, const std::string& reason);
  void SayGoodbye();

  LocalRoles local_roles_;
  const Layout& layout_ = local_roles_.layout();
  const std::chrono::milliseconds timeout_;
  const std::vector<bool> spoken_with_;  // by rank
  MPI_Comm comm_ = MPI_COMM_NULL;

  // The thread's own.
  std::list<MpiOutgoing> sending_;
  std::vector<std::list<MpiIncoming>> receiving_;  // by rank, in order of arrival
  std::vector<bool> lost_;                         // by rank
  std::vector<bool> left_;                         // by rank: it has said goodbye
  std::vector<Clock::time_point> heard_;           // by rank
  Clock::time_point last_beat_ = Clock::now();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Frame> queue_;  // to send
  std::size_t unsent_ = 0;   // frames queued or on their way
  int goodbyes_ = 0;         // ranks that send no more
  bool closing_ = false;
  std::thread thread_;
};

MpiTransport::Impl::Impl(const Layout& layout, int rank, std::chrono::milliseconds timeout)
    : local_roles_(layout, rank),
      timeout_(timeout),
      spoken_with_(RanksSpokenWith(layout, rank)),
      receiving_(static_cast<std::size_t>(layout.ranks())),
      lost_(static_cast<std::size_t>(layout.ranks()), false),
      left_(lost_),
      heard_(lost_.size(), Clock::now()) {
  const MpiAlarm alarm(std::chrono::duration<double>(timeout).count());
  CheckMpi(MPI_Comm_dup(MPI_COMM_WORLD, &comm_), "MPI_Comm_dup");
  CheckMpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
  thread_ = std::thread([this] { Run(); });
}

MpiTransport::Impl::~Impl() {
  const Deadline deadline = Clock::now() + timeout_;
  if (local_roles_.ended()) {
    SayGoodbye();
    std::unique_lock lock(mutex_);
    const auto others = std::count(spoken_with_.begin(), spoken_with_.end(), true);
    changed_.wait_until(lock, deadline, [&] { return unsent_ == 0 && goodbyes_ == others; });
  }
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void MpiTransport::Impl::SayGoodbye() {
  for (int rank = 0; rank < layout_.ranks(); ++rank) {
    if (spoken_with_[static_cast<std::size_t>(rank)])
      Send(local_roles_.Note(FrameType::kGoodbye, rank));
  }
}

void MpiTransport::Impl::Send(Frame frame) {
  if (local_roles_.SendHere(&frame)) return;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(frame));
    ++unsent_;
  }
  changed_.notify_all();
}

void MpiTransport::Impl::Flush(Deadline deadline) {
  std::unique_lock lock(mutex_);
  changed_.wait_until(lock, deadline, [&] { return unsent_ == 0; });
}

// Where a call of MPI fails, nothing goes out or comes in any more: all other ranks are lost.
void MpiTransport::Impl::Run() {
  try {
    Loop();
  } catch (const Error& error) {
    for (int rank = 0; rank < layout_.ranks(); ++rank) {
      if (rank != local_roles_.rank()) Lose(rank, error.what());
    }
  }
}

void MpiTransport::Impl::Loop() {
  auto moved = Clock::now();
  auto nap = kShortestNap;
  for (;;) {
    Beat();
    if (Progress()) {
      moved = Clock::now();
      nap = kShortestNap;
      continue;
    }
    std::unique_lock lock(mutex_);
    if (closing_) return;
    if (!queue_.empty()) continue;
    if (Clock::now() - moved < kSpin) {
      lock.unlock();
      std::this_thread::yield();
      continue;
    }
    changed_.wait_for(lock, nap, [&] { return !queue_.empty() || closing_; });
    nap = std::min<std::chrono::microseconds>(2 * nap, kLongestNap);
  }
}

// Tells the ranks spoken with that this one is alive, and looks for any that has not said so.
void MpiTransport::Impl::Beat() {
  const auto now = Clock::now();
  if (now - last_beat_ < timeout_ / kBeatsATimeout) return;
  last_beat_ = now;
  for (int rank = 0; rank < layout_.ranks(); ++rank) {
    const auto r = static_cast<std::size_t>(rank);
    if (!spoken_with_[r] || left_[r] || lost_[r]) continue;
    Send(local_roles_.Note(FrameType::kBeat, rank));
    const std::chrono::duration<double> silent = now - heard_[r];
    if (silent > timeout_) Lose(rank, fmt::format("it said nothing for {:.1f} s", silent.count()));
  }
}

// Moves what can be moved; whether anything did.
bool MpiTransport::Impl::Progress() {
  bool moved = StartSends();
  moved |= FinishSends();
  moved |= StartReceives();
  moved |= FinishReceives();
  return moved;
}

bool MpiTransport::Impl::StartSends() {
  std::deque<Frame> frames;
  {
    const std::lock_guard lock(mutex_);
    frames.swap(queue_);
  }
  for (Frame& frame : frames) {
    const int rank = layout_.roles.at(frame.destination).rank;
    sending_.emplace_back(std::move(frame)).Start(rank, comm_);
  }
  return !frames.empty();
}

bool MpiTransport::Impl::FinishSends() {
  std::size_t finished = 0;
  for (auto message = sending_.begin(); message != sending_.end();) {
    if (message->Complete()) {
      message = sending_.erase(message);
      ++finished;
    } else {
      ++message;
    }
  }
  if (finished == 0) return false;
  {
    const std::lock_guard lock(mutex_);
    unsent_ -= finished;
  }
  changed_.notify_all();
  return true;
}

bool MpiTransport::Impl::StartReceives() {
  int there = 0;
  MPI_Message message = MPI_MESSAGE_NULL;
  MPI_Status status;
  CheckMpi(MPI_Improbe(MPI_ANY_SOURCE, kMpiHeaderTag, comm_, &there, &message, &status),
           "MPI_Improbe");
  if (there == 0) return false;
  const int rank = status.MPI_SOURCE;
  const int count = MpiBytesOf(status);
  if (count != static_cast<int>(kFrameHeaderBytes)) {
    Lose(rank, fmt::format("a header of {} bytes came instead of {}", count, kFrameHeaderBytes));
    return true;
  }
  MpiIncoming::Header header;
  CheckMpi(MPI_Mrecv(header.data(), count, MPI_BYTE, &message, MPI_STATUS_IGNORE), "MPI_Mrecv");
  heard_[static_cast<std::size_t>(rank)] = Clock::now();
  if (lost_[static_cast<std::size_t>(rank)]) return true;
  try {
    auto& messages = receiving_[static_cast<std::size_t>(rank)];
    const Frame& frame = messages.emplace_back(header, rank, comm_).frame();
    const bool sensible = frame.source < layout_.roles.size() &&
                          layout_.roles[frame.source].rank == rank &&
                          local_roles_.IsHere(frame.destination);
    if (!sensible)
      Fail(ExitCode::kPeer, "a frame from role {} to role {} came from rank {}", frame.source,
           frame.destination, rank);
  } catch (const Error& error) {
    Lose(rank, error.what());
  }
  return true;
}

// What a lost rank sends is left where it is.
bool MpiTransport::Impl::FinishReceives() {
  bool moved = false;
  for (std::size_t rank = 0; rank < receiving_.size(); ++rank) {
    auto& messages = receiving_[rank];
    if (messages.empty() || lost_[rank]) continue;
    try {
      for (auto message = messages.begin();
           message != messages.end() && message->TakePieces(&moved);)
        ++message;
      while (!messages.empty() && messages.front().Complete()) {
        Frame frame = messages.front().Take();
        messages.pop_front();
        heard_[rank] = Clock::now();
        moved = true;
        Deliver(std::move(frame));
      }
    } catch (const Error& error) {
      Lose(static_cast<int>(rank), error.what());
    }
  }
  return moved;
}

void MpiTransport::Impl::Deliver(Frame frame) {
  if (frame.type == FrameType::kBeat) return;
  if (frame.type == FrameType::kGoodbye) {
    left_[static_cast<std::size_t>(layout_.roles[frame.source].rank)] = true;
    const std::lock_guard lock(mutex_);
    ++goodbyes_;
    changed_.notify_all();
    return;
  }
  local_roles_.Deliver(std::move(frame));
}

void MpiTransport::Impl::Lose(int rank, const std::string& reason) {
  if (lost_[static_cast<std::size_t>(rank)]) return;
  lost_[static_cast<std::size_t>(rank)] = true;
  local_roles_.Lose(rank, reason);
}

MpiTransport::MpiTransport(const Layout& layout, int rank, std::chrono::milliseconds timeout)
    : impl_(std::make_unique<Impl>(layout, rank, timeout)) {}

MpiTransport::~MpiTransport() = default;

void MpiTransport::Send(Frame frame) { impl_->Send(std::move(frame)); }

Mailbox& MpiTransport::mailbox(RoleId role) { return impl_->local_roles().mailbox(role); }

void MpiTransport::Flush(Deadline deadline) { impl_->Flush(deadline); }

TrafficCount MpiTransport::traffic(RoleId role) const { return impl_->local_roles().traffic(role); }

}  // namespace fathom
