#include "launcher/cluster/mpi_session.h"

#include <mpi.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "common/buffer.h"
#include "common/error.h"
#include "common/terminal.h"
#include "launcher/cluster/host_name.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/cluster/mpi_alarm.h"
#include "launcher/cluster/program.h"

namespace fathom {
namespace {

constexpr std::size_t kHostBytes = 256;

constexpr int kDataTag = 1;
constexpr int kClockTag = 2;
constexpr int kBeatTag = 3;
constexpr std::size_t kMaxMessageBytes = 64 << 20;  // MPI counts in int
constexpr int kClockRounds = 20;
constexpr auto kBeatInterval = std::chrono::milliseconds(500);
constexpr double kStartSeconds = 30;

bool StartedByLauncher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

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
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
  }
  heard_.resize(static_cast<std::size_t>(ranks_));
  RefuseOtherPrograms();
  GatherHosts();
}

// The first message of all, and of one size for ever: programs that differ do not agree upon
// others.
void MpiSession::RefuseOtherPrograms() {
  if (ranks_ == 1) return;
  std::array<char, kHostBytes> mine{};
  ProgramText().copy(mine.data(), mine.size() - 1);
  const auto all = AllGather(BytesOf(mine));
  const auto text = [&](int rank) {
    return reinterpret_cast<const char*>(all[static_cast<std::size_t>(rank)].data());
  };
  for (int rank = 1; rank < ranks_; ++rank) {
    if (std::strcmp(text(rank), text(0)) == 0) continue;
    Fail(ExitCode::kUsage,
         "rank {} runs another program ({}) than rank 0 ({}): install the same file on all hosts",
         rank, text(rank), text(0));
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
template <typename Request>
void MpiSession::Wait(Request* request, int peer, Nap nap) {
  const auto began = Clock::now();
  auto pause = std::chrono::microseconds(20);
  for (;;) {
    int done = 0;
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (done != 0) return;
    TakeBeats();
    const auto heard = heard_[static_cast<std::size_t>(peer)];
    const std::chrono::duration<double> silent = Clock::now() - std::max(began, heard);
    if (silent > timeout_) {
      Fail(ExitCode::kPeer,
           "nothing came from rank {} on {} for {:.1f} s before or after training; see its log, or "
           "raise cluster.timeout_seconds",
           peer, hosts_.empty() ? "its host" : hosts_[static_cast<std::size_t>(peer)],
           silent.count());
    }
    if (nap == Nap::kNo) continue;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::microseconds(5000));
  }
}

void MpiSession::Beat() {
  if (!started_ || Clock::now() - last_beat_ < kBeatInterval) return;
  last_beat_ = Clock::now();
  for (int rank = 0; rank < ranks_; ++rank) {
    if (rank == rank_) continue;
    MPI_Request sent;
    MPI_Isend(nullptr, 0, MPI_BYTE, rank, kBeatTag, MPI_COMM_WORLD, &sent);
    MPI_Request_free(&sent);
  }
}

// The others wait for rank 0, which waits for the one at work: it passes the beat on.
void MpiSession::TakeBeats() {
  for (;;) {
    int there = 0;
    MPI_Status status;
    MPI_Iprobe(MPI_ANY_SOURCE, kBeatTag, MPI_COMM_WORLD, &there, &status);
    if (there == 0) return;
    MPI_Recv(nullptr, 0, MPI_BYTE, status.MPI_SOURCE, kBeatTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    heard_[static_cast<std::size_t>(status.MPI_SOURCE)] = Clock::now();
    if (rank_ == 0) Beat();
  }
}

void MpiSession::Send(std::span<const std::byte> bytes, int to, int tag, Nap nap) {
  std::size_t at = 0;
  do {
    MPI_Request request;
    const std::size_t count = std::min(kMaxMessageBytes, bytes.size() - at);
    MPI_Isend(bytes.data() + at, static_cast<int>(count), MPI_BYTE, to, tag, MPI_COMM_WORLD,
              &request);
    Wait(&request, to, nap);
    at += count;
  } while (at < bytes.size());
}

void MpiSession::Receive(std::span<std::byte> bytes, int from, int tag, Nap nap) {
  std::size_t at = 0;
  do {
    MPI_Request request;
    const std::size_t count = std::min(kMaxMessageBytes, bytes.size() - at);
    MPI_Irecv(bytes.data() + at, static_cast<int>(count), MPI_BYTE, from, tag, MPI_COMM_WORLD,
              &request);
    Wait(&request, from, nap);
    at += count;
  } while (at < bytes.size());
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

void MpiSession::SendTo(int rank, std::span<const std::byte> bytes) { Send(bytes, rank, kDataTag); }

void MpiSession::ReceiveFromFirst(std::span<std::byte> bytes) { Receive(bytes, 0, kDataTag); }

void MpiSession::Barrier() {
  const std::byte here{};
  AllGather(std::span(&here, 1));
}

void MpiSession::GatherOnFirst(
    std::span<const std::byte> mine,
    const std::function<void(int rank, std::span<const std::byte>)>& take) {
  const std::uint64_t bytes = mine.size();
  const auto sizes = AllGather(std::as_bytes(std::span(&bytes, 1)));
  if (rank_ != 0) return Send(mine, 0, kDataTag);
  take(0, mine);
  for (int rank = 1; rank < ranks_; ++rank) {
    std::uint64_t size = 0;
    std::memcpy(&size, sizes[static_cast<std::size_t>(rank)].data(), sizeof(size));
    std::vector<std::byte> theirs(size);
    Receive(theirs, rank, kDataTag);
    take(rank, theirs);
  }
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
    MPI_Finalize();
  }
  started_ = false;
}

void MpiSession::Abort(int exit_code) {
  if (started_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace fathom
