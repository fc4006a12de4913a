// MPI before the transport is up and after it is down: who the ranks are, and the short messages
// that they exchange then. MPI is called in this room alone: here, and by mpi_transport with
// mpi_message.
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

// Thread rule (MPI_THREAD_SERIALIZED): one call at a time, from any thread. The main thread makes
// all calls but Beat. During ingest that comes from whichever ingest thread has just finished a
// block, one at a time, while the main thread is inside Ingest; during OnFirst from a thread of its
// own. While an MpiTransport lives nobody
// calls this class: the transport's own thread then makes all calls of MPI.
//
// Waits poll and sleep between polls, because an Open MPI rank that waits inside MPI keeps a core
// busy. Only the round trips of ReadClock (milliseconds in all) poll without sleep, which would
// falsify them.
//
// Failure: every wait is for one rank and has a deadline; beyond it, Error(kPeer) names that rank.
// So does the number of bytes that came where another one is due. Where a call of MPI fails,
// Error(kPeer) has MPI's own words.
// A rank that works for long while others wait calls Beat, which begins their deadline anew.
// MPI_Init and MPI_Finalize know no deadline: an alarm ends the process when they take too long
// (mpi_alarm.h). The destructor does nothing: main ends MPI by Finish on success and by Abort on
// failure.
class MpiSession {
 public:
  // Starts MPI if the process was started by mpirun (or another launcher that sets the environment
  // of PMIx or PMI); else a session of one rank that never calls MPI. Throws Error(kPeer);
  // Error(kUsage) where a rank runs another program than rank 0.
  MpiSession(int* argc, char*** argv);

  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  const std::string& host() const { return hosts_[static_cast<std::size_t>(rank_)]; }
  const std::vector<std::string>& hosts() const { return hosts_; }  // by rank

  // The lowest rank on this rank's host.
  bool leads_host() const;

  // The deadline of all waits from now on; 30 s until it is called.
  void SetTimeout(double seconds) { timeout_ = std::chrono::duration<double>(seconds); }

  // Tells the other ranks that this one is at work, at most twice a second. Does not wait.
  void Beat();

  // Each rank's bytes, by rank. All ranks must give the same number of bytes.
  std::vector<std::vector<std::byte>> AllGather(std::span<const std::byte> mine);

  // The ranks that say true, ascending; the same on all.
  std::vector<int> RanksWhere(bool mine);

  // Rank 0's bytes for all.
  void Broadcast(std::span<std::byte> bytes);

  // The same, of any number. Rank 0 gives them, and all return them.
  std::vector<std::byte> BroadcastAny(std::span<const std::byte> bytes);

  // Rank 0's bytes, of any number, for one other rank, which calls ReceiveFromFirst.
  void SendTo(int rank, std::span<const std::byte> bytes);
  std::vector<std::byte> ReceiveFromFirst();

  // Returns once every rank is here.
  void Barrier();

  // Rank 0 alone does this work, which calls nothing of MPI; the others wait, however long it
  // takes, as a thread of rank 0 beats meanwhile. All return what it returns.
  int OnFirst(const std::function<int()>& work);

  // Every rank's bytes, of any number, to rank 0: there `take` is called for each rank in order,
  // its own first, with the bytes of one rank in memory at a time. On the other ranks it is not.
  void GatherOnFirst(std::span<const std::byte> mine,
                     const std::function<void(int rank, std::span<const std::byte>)>& take);

  // This rank's clock against rank 0's; all ranks must call it. Ranks on rank 0's host share its
  // clock; the others exchange some messages with it and believe the fastest, since the answer's
  // time lies somewhere within the round trip.
  ClockReading ReadClock();

  // Waits until every rank is here, then ends MPI.
  void Finish();

  // Ends this process, and under mpirun all others, with this exit code.
  [[noreturn]] void Abort(int exit_code);

 private:
  using Clock = std::chrono::steady_clock;
  enum class Nap { kYes, kNo };

  void GatherHosts();
  void RefuseOtherPrograms();
  void AnswerClockQuestions(int rank);
  ClockReading AskForClock();
  void Send(std::span<const std::byte> bytes, int to, int tag, Nap nap = Nap::kYes);
  void SendPiece(std::span<const std::byte> piece, int to, int tag, Nap nap);
  void Receive(std::span<std::byte> bytes, int from, int tag, Nap nap = Nap::kYes);
  void SendAny(std::span<const std::byte> bytes, int to);
  std::vector<std::byte> ReceiveAny(int from);
  template <typename Done>
  void WaitUntil(const Done& done, int peer, Nap nap);
  template <typename Request, typename Status>
  void Wait(Request* request, Status* status, int peer, Nap nap);
  [[noreturn]] void FailSilent(int peer, double seconds) const;
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
