// The one place that knows MPI: who the ranks are, and the few words they exchange before the
// transport is up and after it is down.
//
// Thread rule: MPI_THREAD_SERIALIZED; every call comes from the main thread, which makes none
// while an MpiTransport lives, whose thread then makes them. Waits poll and sleep
// between polls, because an Open MPI rank that waits inside MPI burns a core; but for the round
// trips of ReadClock, milliseconds in all, which a nap would falsify. Ended by Finish() on success
// and by Abort() from main on failure, never by a destructor.
//
// Every wait has a deadline, and is for one rank, which the error names: Error(kPeer). Whoever
// works for long while others wait says so with Beat, which gives them a new deadline. MPI_Init and
// MPI_Finalize, which cannot be waited for so, are cut off by an alarm.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "common/message/profile_message.h"

namespace fathom {

class MpiSession {
 public:
  // Starts MPI if the process was started by mpirun (or another launcher that sets PMIx's
  // environment); else a session of one rank that never touches MPI.
  MpiSession(int* argc, char*** argv);

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  const std::string& host() const { return hosts_[static_cast<std::size_t>(rank_)]; }
  const std::vector<std::string>& hosts() const { return hosts_; }  // by rank

  // The lowest rank on this rank's host.
  bool leads_host() const;

  // From now on; 30 s until it is called.
  void SetTimeout(double seconds) { timeout_ = std::chrono::duration<double>(seconds); }

  // Tells the other ranks that this one is at work. May be called often.
  void Beat();

  // Each rank's bytes, by rank. All ranks must give the same number of bytes.
  std::vector<std::vector<std::byte>> AllGather(std::span<const std::byte> mine);

  // Rank 0's bytes for all.
  void Broadcast(std::span<std::byte> bytes);

  // Returns once every rank is here.
  void Barrier();

  // Every rank's bytes, of any number, to rank 0: there `take` is called for each rank in order,
  // its own first, with the bytes of one rank in memory at a time. On the other ranks it is not.
  void GatherOnFirst(std::span<const std::byte> mine,
                     const std::function<void(int rank, std::span<const std::byte>)>& take);

  // This rank's clock against rank 0's; all ranks must call it. Ranks on rank 0's host share its
  // clock; the others exchange some messages with it and believe the fastest, since the answer's
  // time lies somewhere within the round trip.
  ClockReading ReadClock();

  void Finish();
  [[noreturn]] void Abort(int exit_code);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Nap { kYes, kNo };

  void GatherHosts();
  void AnswerClockQuestions(int rank);
  ClockReading AskForClock();
  void Send(std::span<const std::byte> bytes, int to, int tag, Nap nap = Nap::kYes);
  void Receive(std::span<std::byte> bytes, int from, int tag, Nap nap = Nap::kYes);
  template <typename Request>
  void Wait(Request* request, int peer, Nap nap);
  void TakeBeats();

  bool started_ = false;
  std::chrono::duration<double> timeout_ = std::chrono::seconds(30);
  std::vector<Clock::time_point> heard_;  // by rank: its last beat
  Clock::time_point last_beat_{};         // of this rank
  int rank_ = 0;
  int ranks_ = 1;
  std::vector<std::string> hosts_;
};

}  // namespace fathom
