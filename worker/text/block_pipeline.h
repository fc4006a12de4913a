// Text blocks through several threads: read one at a time, worked on in parallel, committed in
// order of block. So what comes out does not depend on the number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "worker/input/block_source.h"

namespace fathom {

// The threads of one ForEachBlock. Each takes a block, works on it, waits until all earlier blocks
// are committed, and commits its own.
template <typename Make, typename Commit>
class BlockPipeline {
 public:
  BlockPipeline(BlockSource& reader, Make make, Commit commit)
      : reader_(reader), make_(std::move(make)), commit_(std::move(commit)) {}

  void Run(int threads) {
    std::vector<std::thread> pool;
    try {
      for (int t = 1; t < threads; ++t) pool.emplace_back([this] { WorkOrFail(); });
    } catch (const std::exception&) {  // no further thread: those that are there do the work
    }
    WorkOrFail();
    for (std::thread& thread : pool) thread.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct Turn {
    std::uint64_t number = 0;    // of the block, in the order of reading
    bool have = false;           // else the text is at its end, or reading failed
    std::exception_ptr failure;  // of this block: thrown when its turn to commit comes
  };

  Turn ReadNext(TextBlock* block) {
    Turn turn;
    const std::lock_guard lock(reading_);
    turn.number = next_read_;
    try {
      turn.have = reader_.Next(block);
    } catch (...) {
      turn.failure = std::current_exception();
    }
    if (turn.have || turn.failure) ++next_read_;
    return turn;
  }

  // Waits for its turn. Whether there is more to do.
  template <typename Result>
  bool CommitInOrder(const Turn& turn, Result* result) {
    std::unique_lock lock(committing_);
    committed_.wait(lock, [&] { return next_commit_ == turn.number || stopped_; });
    if (stopped_) return false;
    try {
      if (turn.failure) std::rethrow_exception(turn.failure);
      commit_(*result);
    } catch (...) {
      failure_ = std::current_exception();
      stopped_ = true;
    }
    ++next_commit_;
    committed_.notify_all();
    return !stopped_;
  }

  void Work() {
    auto worker = make_();
    TextBlock block;
    for (;;) {
      Turn turn = ReadNext(&block);
      if (!turn.have && !turn.failure) return;
      decltype(&worker(block)) result = nullptr;
      try {
        if (!turn.failure) result = &worker(block);
      } catch (...) {
        turn.failure = std::current_exception();
      }
      if (!CommitInOrder(turn, result)) return;
    }
  }

  void WorkOrFail() {
    try {
      Work();
    } catch (...) {  // no worker could be made
      const std::lock_guard lock(committing_);
      if (!failure_) failure_ = std::current_exception();
      stopped_ = true;
      committed_.notify_all();
    }
  }

  BlockSource& reader_;
  Make make_;
  Commit commit_;
  std::mutex reading_;
  std::uint64_t next_read_ = 0;  // under reading_
  std::mutex committing_;        // of all below
  std::condition_variable committed_;
  std::uint64_t next_commit_ = 0;
  bool stopped_ = false;
  std::exception_ptr failure_;
};

// make() gives each thread a worker of its own; worker(block) returns a reference to a Result,
// which may be the same object each time; commit(result) is called for each in order of block, by
// one thread at a time, before that thread's worker is called again. So a thread's memory is one
// block and one result, and neither is allocated anew. The failure of the earliest block is
// thrown, when all threads have ended.
template <typename Make, typename Commit>
void ForEachBlock(BlockSource& reader, int threads, Make make, Commit commit) {
  BlockPipeline(reader, std::move(make), std::move(commit)).Run(threads);
}

}  // namespace fathom
