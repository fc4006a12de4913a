#include "launcher/mpi_session.h"

#include <mpi.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "common/error.h"

namespace fathom {
namespace {

constexpr std::size_t kHostBytes = 256;

constexpr int kGatherTag = 1;
constexpr int kClockTag = 2;
constexpr std::size_t kMaxMessageBytes = 64 << 20;  // MPI counts in int
constexpr int kClockRounds = 20;

bool StartedByLauncher() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

// Waits for a request asleep: 20 us at first, so that short waits stay short, up to 5 ms.
void Wait(MPI_Request* request) {
  auto nap = std::chrono::microseconds(20);
  for (;;) {
    int done = 0;
    MPI_Test(request, &done, MPI_STATUS_IGNORE);
    if (done != 0) return;
    std::this_thread::sleep_for(nap);
    nap = std::min(nap * 2, std::chrono::microseconds(5000));
  }
}

void Send(std::span<const std::byte> bytes, int to) {
  for (std::size_t at = 0; at < bytes.size(); at += kMaxMessageBytes) {
    MPI_Request request;
    const std::size_t count = std::min(kMaxMessageBytes, bytes.size() - at);
    MPI_Isend(bytes.data() + at, static_cast<int>(count), MPI_BYTE, to, kGatherTag, MPI_COMM_WORLD,
              &request);
    Wait(&request);
  }
}

void Receive(std::span<std::byte> bytes, int from) {
  for (std::size_t at = 0; at < bytes.size(); at += kMaxMessageBytes) {
    MPI_Request request;
    const std::size_t count = std::min(kMaxMessageBytes, bytes.size() - at);
    MPI_Irecv(bytes.data() + at, static_cast<int>(count), MPI_BYTE, from, kGatherTag,
              MPI_COMM_WORLD, &request);
    Wait(&request);
  }
}

}  // namespace

MpiSession::MpiSession(int* argc, char*** argv) {
  if (StartedByLauncher()) {
    int provided = MPI_THREAD_SINGLE;
    if (MPI_Init_thread(argc, argv, MPI_THREAD_SERIALIZED, &provided) != MPI_SUCCESS ||
        provided < MPI_THREAD_SERIALIZED) {
      Fail(ExitCode::kPeer,
           "MPI did not start with MPI_THREAD_SERIALIZED: is mpirun of the same Open MPI?");
    }
    started_ = true;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks_);
  }
  GatherHosts();
}

void MpiSession::GatherHosts() {
  std::vector<std::byte> name(kHostBytes);
  gethostname(reinterpret_cast<char*>(name.data()), kHostBytes - 1);
  for (const auto& host : AllGather(name))
    hosts_.emplace_back(reinterpret_cast<const char*>(host.data()));
}

bool MpiSession::leads_host() const {
  for (int lower = 0; lower < rank_; ++lower) {
    if (hosts_[static_cast<std::size_t>(lower)] == host()) return false;
  }
  return true;
}

std::vector<std::vector<std::byte>> MpiSession::AllGather(std::span<const std::byte> mine) {
  std::vector<std::byte> all(mine.size() * static_cast<std::size_t>(ranks_));
  if (started_) {
    MPI_Request request;
    const int count = static_cast<int>(mine.size());
    MPI_Iallgather(mine.data(), count, MPI_BYTE, all.data(), count, MPI_BYTE, MPI_COMM_WORLD,
                   &request);
    Wait(&request);
  } else {
    std::memcpy(all.data(), mine.data(), mine.size());
  }
  std::vector<std::vector<std::byte>> by_rank;
  for (int rank = 0; rank < ranks_; ++rank) {
    const auto begin =
        all.begin() + static_cast<std::ptrdiff_t>(mine.size() * static_cast<std::size_t>(rank));
    by_rank.emplace_back(begin, begin + static_cast<std::ptrdiff_t>(mine.size()));
  }
  return by_rank;
}

void MpiSession::Broadcast(std::span<std::byte> bytes) {
  if (!started_) return;
  MPI_Request request;
  MPI_Ibcast(bytes.data(), static_cast<int>(bytes.size()), MPI_BYTE, 0, MPI_COMM_WORLD, &request);
  Wait(&request);
}

void MpiSession::Barrier() {
  if (!started_) return;
  MPI_Request request;
  MPI_Ibarrier(MPI_COMM_WORLD, &request);
  Wait(&request);
}

void MpiSession::GatherOnFirst(
    std::span<const std::byte> mine,
    const std::function<void(int rank, std::span<const std::byte>)>& take) {
  const std::uint64_t bytes = mine.size();
  const auto sizes = AllGather(std::as_bytes(std::span(&bytes, 1)));
  if (rank_ != 0) return Send(mine, 0);
  take(0, mine);
  for (int rank = 1; rank < ranks_; ++rank) {
    std::uint64_t size = 0;
    std::memcpy(&size, sizes[static_cast<std::size_t>(rank)].data(), sizeof(size));
    std::vector<std::byte> theirs(size);
    Receive(theirs, rank);
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
  for (int round = 0; round <= kClockRounds; ++round) {
    if (round > 0)
      MPI_Recv(nullptr, 0, MPI_BYTE, rank, kClockTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    const std::int64_t now = Nanoseconds(Clock::now());
    MPI_Send(&now, 1, MPI_INT64_T, rank, kClockTag, MPI_COMM_WORLD);
  }
}

ClockReading MpiSession::AskForClock() {
  std::int64_t there = 0;
  MPI_Request turn;
  MPI_Irecv(&there, 1, MPI_INT64_T, 0, kClockTag, MPI_COMM_WORLD, &turn);
  Wait(&turn);
  ClockReading best;
  for (int round = 0; round < kClockRounds; ++round) {
    const std::int64_t asked = Nanoseconds(Clock::now());
    MPI_Send(nullptr, 0, MPI_BYTE, 0, kClockTag, MPI_COMM_WORLD);
    MPI_Recv(&there, 1, MPI_INT64_T, 0, kClockTag, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    const std::int64_t answered = Nanoseconds(Clock::now());
    if (round > 0 && answered - asked >= best.round_trip_ns) continue;
    const std::int64_t middle = asked + (answered - asked) / 2;
    best = {.local_ns = middle, .offset_ns = there - middle, .round_trip_ns = answered - asked};
  }
  return best;
}

void MpiSession::Finish() {
  Barrier();
  if (started_) MPI_Finalize();
  started_ = false;
}

void MpiSession::Abort(int exit_code) {
  if (started_) MPI_Abort(MPI_COMM_WORLD, exit_code);
  std::_Exit(exit_code);
}

}  // namespace fathom
