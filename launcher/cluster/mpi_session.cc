#include "launcher/cluster/mpi_session.h"

#include <mpi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "common/buffer.h"
#include "common/error.h"
#include "common/terminal.h"
#include "launcher/cluster/host_name.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/cluster/mpi_alarm.h"
#include "launcher/cluster/mpi_call.h"
#include "launcher/cluster/program.h"

namespace fathom {
namespace {

constexpr std::size_t kHostBytes = 256;

constexpr int kDataTag = 1;
constexpr int kClockTag = 2;
constexpr int kBeatTag = 3;
constexpr int kClockRounds = 20;
constexpr auto kBeatInterval = std::chrono::milliseconds(500);
constexpr double kStartSeconds = 30;

bool StartedByLauncher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

// Beats for as long as it lives.
class BeatThread {
 public:
  explicit BeatThread(MpiSession* mpi) : thread_([this, mpi] { Run(mpi); }) {}
  ~BeatThread() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void Run(MpiSession* mpi) {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kBeatInterval, [this] { return done_; })) mpi->Beat();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;
};

}  // namespace

MpiSession::MpiSession(int* argc, char*** argv) {
  if (StartedByLauncher()) {
    if (const std::string advice = OldInterfaceAdvice(ReadEnvironment); !advice.empty()) {
      Terminal::Errors().Write("fathom: " + advice + "\n");
      FlushTerminals();
    }
    const MpiAlarm alarm(kStartSeconds);
    int provided = MPI_THREAD_SINGLE;
    if (MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS ||
        provided < MPI_THREAD_SERIALIZED) {
      Fail(ExitCode::kPeer,
           "MPI did not start with MPI_THREAD_SERIALIZED: is mpirun of the same Open MPI?");
    }
    started_ = true;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // no mpirun, no rank: also if this one is stopped
    CheckMpi(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
    CheckMpi(MPI_Comm_rank(MPI_COMM_WORLD, &rank_), "MPI_Comm_rank");
    CheckMpi(MPI_Comm_size(MPI_COMM_WORLD, &ranks_), "MPI_Comm_size");
  }
  heard_.resize(static_cast<std::size_t>(ranks_));
  RefuseOtherPrograms();
  GatherHosts();
}

// The first message of all, and of one size for ever: programs that differ do not agree upon
// others. The program's text, then the host's name.
void MpiSession::RefuseOtherPrograms() {
  if (ranks_ == 1) return;
  std::array<char, kHostBytes> mine{};
  const std::string program = ProgramText().substr(0, mine.size() / 2);
  program.copy(mine.data(), program.size());
  ThisHostName().name.copy(mine.data() + program.size() + 1, mine.size() - program.size() - 2);
  const auto all = AllGather(BytesOf(mine));
  const auto text = [&](int rank) {
    return reinterpret_cast<const char*>(all[static_cast<std::size_t>(rank)].data());
  };
  const auto host = [&](int rank) { return text(rank) + std::strlen(text(rank)) + 1; };
  for (int rank = 1; rank < ranks_; ++rank) {
    if (std::strcmp(text(rank), text(0)) == 0) continue;
    Fail(ExitCode::kUsage,
         "rank {} on {} runs another program ({}) than rank 0 on {} ({}): install the same file on "
         "all hosts",
         rank, host(rank), text(rank), host(0), text(0));
  }
}

void MpiSession::GatherHosts() {
  struct {
    char name[kHostBytes] = {};
    char place[kHostBytes] = {};
  } mine;
  const HostName here = ThisHostName();
  here.name.copy(mine.name, kHostBytes - 1);
  here.place.copy(mine.place, kHostBytes - 1);
  std::vector<HostName> all;
  for (const auto& bytes : AllGather(BytesOf(mine))) {
    const auto* const text = reinterpret_cast<const char*>(bytes.data());
    all.push_back({text, text + kHostBytes});
  }
  hosts_ = DistinctHostNames(all);
}

bool MpiSession::leads_host() const {
  for (int lower = 0; lower < rank_; ++lower) {
    if (hosts_[static_cast<std::size_t>(lower)] == host()) return false;
  }
  return true;
}

// Asleep: 20 us at first, so that short waits stay short, up to 5 ms.
template <typename Done>
void MpiSession::WaitUntil(const Done& done, int peer, Nap nap) {
  const auto began = Clock::now();
  auto pause = std::chrono::microseconds(20);
  while (!done()) {
    TakeBeats();
    const auto heard = heard_[static_cast<std::size_t>(peer)];
    const std::chrono::duration<double> silent = Clock::now() - std::max(began, heard);
    if (silent > timeout_) {
      FailSilent(peer, silent.count());
    }
    if (nap == Nap::kNo) continue;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(5000));
  }
}

// The first messages of all show whether Open MPI's own connections work.
void MpiSession::FailSilent(int peer, double seconds) const {
  if (hosts_.empty()) {
    Fail(
        ExitCode::kPeer,
        "nothing came from rank {} for {:.1f} s over Open MPI's own connections, which come before "
        "Fathom's: see its log; if it is on another host, let TCP to Open MPI's ports through the "
        "firewall (mpirun --mca btl_tcp_port_min_v4 N --mca btl_tcp_port_range_v4 N --mca "
        "oob_tcp_dynamic_ipv4_ports N-N say which), or name its network (--mca btl_tcp_if_include "
        "10.0.0.0/16 --mca oob_tcp_if_include 10.0.0.0/16)",
        peer, seconds);
  }
  Fail(ExitCode::kPeer,
       "nothing came from rank {} on {} for {:.1f} s before or after training; see its log, or "
       "raise cluster.timeout_seconds",
       peer, hosts_[static_cast<std::size_t>(peer)], seconds);
}

template <typename Request, typename Status>
void MpiSession::Wait(Request* request, Status* status, int peer, Nap nap) {
  const auto tested = [&] {
    int done = 0;
    CheckMpi(MPI_Test(request, &done, status), "MPI_Test");
    return done != 0;
  };
  WaitUntil(tested, peer, nap);
}

void MpiSession::Beat() {
  if (!started_ || Clock::now() - last_beat_ < kBeatInterval) return;
  last_beat_ = Clock::now();
  for (int rank = 0; rank < ranks_; ++rank) {
    if (rank == rank_) continue;
    MPI_Request sent;
    CheckMpi(MPI_Isend(nullptr, 0, MPI_BYTE, rank, kBeatTag, MPI_COMM_WORLD, &sent), "MPI_Isend");
    CheckMpi(MPI_Request_free(&sent), "MPI_Request_free");
  }
}

// The others wait for rank 0, which waits for the one at work: it passes the beat on.
void MpiSession::TakeBeats() {
  for (;;) {
    int there = 0;
    MPI_Status status;
    CheckMpi(MPI_Iprobe(MPI_ANY_SOURCE, kBeatTag, MPI_COMM_WORLD, &there, &status), "MPI_Iprobe");
    if (there == 0) return;
    CheckMpi(MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kBeatTag, MPI_COMM_WORLD,
                      MPI_STATUS_IGNORE),
             "MPI_Recv");
    heard_[static_cast<std::size_t>(status.MPI_SOURCE)] = Clock::now();
    if (rank_ == 0) Beat();
  }
}

void MpiSession::SendPiece(std::span<const std::byte> piece, int to, int tag, Nap nap) {
  MPI_Request request;
  CheckMpi(MPI_Isend(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, to, tag,
                     MPI_COMM_WORLD, &request),
           "MPI_Isend");
  Wait(&request, MPI_STATUS_IGNORE, to, nap);
}

void MpiSession::Send(std::span<const std::byte> bytes, int to, int tag, Nap nap) {
  do {
    const auto piece = bytes.first(std::min(kMpiPieceBytes, bytes.size()));
    SendPiece(piece, to, tag, nap);
    bytes = bytes.subspan(piece.size());
  } while (!bytes.empty());
}

void MpiSession::Receive(std::span<std::byte> bytes, int from, int tag, Nap nap) {
  do {
    const auto piece = bytes.first(std::min(kMpiPieceBytes, bytes.size()));
    MPI_Request request;
    CheckMpi(MPI_Irecv(piece.data(), static_cast<int>(piece.size()), MPI_BYTE, from, tag,
                       MPI_COMM_WORLD, &request),
             "MPI_Irecv");
    MPI_Status status;
    Wait(&request, &status, from, nap);
    const int came = MpiBytesOf(status);
    if (came < 0 || static_cast<std::size_t>(came) != piece.size())
      Fail(ExitCode::kPeer, "rank {} sent {} bytes, {} are due", from, came, piece.size());
    bytes = bytes.subspan(piece.size());
  } while (!bytes.empty());
}

// The last piece is shorter than the others, if only by being empty: so no number of bytes is said
// that would have to be believed.
void MpiSession::SendAny(std::span<const std::byte> bytes, int to) {
  for (bool last = false; !last;) {
    const auto piece = bytes.first(std::min(kMpiPieceBytes, bytes.size()));
    last = piece.size() < kMpiPieceBytes;
    SendPiece(piece, to, kDataTag, Nap::kYes);
    bytes = bytes.subspan(piece.size());
  }
}

// Memory is taken for a piece once MPI has it.
std::vector<std::byte> MpiSession::ReceiveAny(int from) {
  std::vector<std::byte> bytes;
  for (bool last = false; !last;) {
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status status;
    const auto there = [&] {
      int is_there = 0;
      CheckMpi(MPI_Improbe(from, kDataTag, MPI_COMM_WORLD, &is_there, &message, &status),
               "MPI_Improbe");
      return is_there != 0;
    };
    WaitUntil(there, from, Nap::kYes);
    const int count = MpiBytesOf(status);
    if (count < 0 || static_cast<std::size_t>(count) > kMpiPieceBytes)
      Fail(ExitCode::kPeer, "rank {} sent {} bytes, at most {} are due", from, count,
           kMpiPieceBytes);
    last = static_cast<std::size_t>(count) < kMpiPieceBytes;
    const std::size_t at = bytes.size();
    bytes.resize(at + static_cast<std::size_t>(count));
    MPI_Request request;
    CheckMpi(MPI_Imrecv(bytes.data() + at, count, MPI_BYTE, &message, &request), "MPI_Imrecv");
    Wait(&request, MPI_STATUS_IGNORE, from, Nap::kYes);
  }
  return bytes;
}

std::vector<std::vector<std::byte>> MpiSession::AllGather(std::span<const std::byte> mine) {
  std::vector<std::byte> all(mine.size() * static_cast<std::size_t>(ranks_));
  const auto part = [&](int rank) {
    return std::span(all).subspan(mine.size() * static_cast<std::size_t>(rank), mine.size());
  };
  std::copy(mine.begin(), mine.end(), part(rank_).begin());
  if (rank_ != 0) Send(mine, 0, kDataTag);
  for (int rank = 1; rank_ == 0 && rank < ranks_; ++rank) Receive(part(rank), rank, kDataTag);
  Broadcast(all);
  std::vector<std::vector<std::byte>> by_rank;
  for (int rank = 0; rank < ranks_; ++rank)
    by_rank.emplace_back(part(rank).begin(), part(rank).end());
  return by_rank;
}

std::vector<int> MpiSession::RanksWhere(bool mine) {
  std::vector<int> ranks;
  const auto answers = AllGather(BytesOf(mine));
  for (int rank = 0; rank < ranks_; ++rank) {
    if (answers[static_cast<std::size_t>(rank)].front() != std::byte{0}) ranks.push_back(rank);
  }
  return ranks;
}

void MpiSession::Broadcast(std::span<std::byte> bytes) {
  if (rank_ != 0) return Receive(bytes, 0, kDataTag);
  for (int rank = 1; rank < ranks_; ++rank) Send(bytes, rank, kDataTag);
}

std::vector<std::byte> MpiSession::BroadcastAny(std::span<const std::byte> bytes) {
  if (rank_ != 0) return ReceiveAny(0);
  for (int rank = 1; rank < ranks_; ++rank) SendAny(bytes, rank);
  return {bytes.begin(), bytes.end()};
}

void MpiSession::SendTo(int rank, std::span<const std::byte> bytes) { SendAny(bytes, rank); }

std::vector<std::byte> MpiSession::ReceiveFromFirst() { return ReceiveAny(0); }

void MpiSession::Barrier() {
  const std::byte here{};
  AllGather(std::span(&here, 1));
}

int MpiSession::OnFirst(const std::function<int()>& work) {
  int result = 0;
  if (rank_ == 0 && ranks_ > 1) {
    const BeatThread others_wait(this);
    result = work();
  } else if (rank_ == 0) {
    result = work();
  }
  Broadcast(std::as_writable_bytes(std::span(&result, 1)));
  return result;
}

void MpiSession::GatherOnFirst(
    std::span<const std::byte> mine,
    const std::function<void(int rank, std::span<const std::byte>)>& take) {
  if (rank_ != 0) return SendAny(mine, 0);
  take(0, mine);
  for (int rank = 1; rank < ranks_; ++rank) take(rank, ReceiveAny(rank));
}

ClockReading MpiSession::ReadClock() {
  if (rank_ != 0 && host() != hosts_.front()) return AskForClock();
  for (int rank = 1; rank_ == 0 && rank < ranks_; ++rank) {
    if (hosts_[static_cast<std::size_t>(rank)] != host()) AnswerClockQuestions(rank);
  }
  return {.local_ns = Nanoseconds(Clock::now()), .offset_ns = 0, .round_trip_ns = 0};
}

// Each answer is the time here. One answer goes first, unasked: it tells the rank, which may have
// waited long and asleep, that it is its turn.
void MpiSession::AnswerClockQuestions(int rank) {
  std::byte question{};
  for (int round = 0; round <= kClockRounds; ++round) {
    if (round > 0) Receive(std::span(&question, 1), rank, kClockTag, Nap::kNo);
    const std::int64_t now = Nanoseconds(Clock::now());
    Send(std::as_bytes(std::span(&now, 1)), rank, kClockTag, Nap::kNo);
  }
}

ClockReading MpiSession::AskForClock() {
  std::int64_t there = 0;
  const auto answer = std::as_writable_bytes(std::span(&there, 1));
  Receive(answer, 0, kClockTag);
  ClockReading best;
  for (int round = 0; round < kClockRounds; ++round) {
    const std::byte question{};
    const std::int64_t asked = Nanoseconds(Clock::now());
    Send(std::span(&question, 1), 0, kClockTag, Nap::kNo);
    Receive(answer, 0, kClockTag, Nap::kNo);
    const std::int64_t answered = Nanoseconds(Clock::now());
    if (round > 0 && answered - asked >= best.round_trip_ns) continue;
    const std::int64_t middle = asked + (answered - asked) / 2;
    best = {.local_ns = middle, .offset_ns = there - middle, .round_trip_ns = answered - asked};
  }
  return best;
}

void MpiSession::Finish() {
  Barrier();
  if (started_) {
    TakeBeats();
    const MpiAlarm alarm(timeout_.count());
    const int code = MPI_Finalize();
    if (code != MPI_SUCCESS) Fail(ExitCode::kPeer, "MPI_Finalize failed with code {}", code);
  }
  started_ = false;
}

void MpiSession::Abort(int exit_code) {
  if (started_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace fathom
