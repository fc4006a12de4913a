// Text blocks through several threads: read one at a time, worked on in parallel, committed in
// order of block. So what comes out does not depend on the number of threads.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "worker/text/input_files.h"

namespace fathom {

// make() gives each thread a worker of its own; worker(block) returns a reference to a Result,
// which may be the same object each time; commit(result) is called for each in order of block, by
// one thread at a time, before that thread's worker is called again. So a thread's memory is one
// block and one result, and neither is allocated anew. The failure of the earliest block is
// thrown, when all threads have ended.
template <typename Make, typename Commit>
void ForEachBlock(TextBlockReader& reader, int threads, Make make, Commit commit) {
  std::mutex reading, committing;
  std::condition_variable turn;
  std::uint64_t next_read = 0, next_commit = 0;
  bool stopped = false;
  std::exception_ptr failure;

  const auto run = [&] {
    auto worker = make();
    TextBlock block;
    for (;;) {
      std::uint64_t number = 0;
      std::exception_ptr mine;
      bool have = false;
      {
        const std::lock_guard lock(reading);
        number = next_read;
        try {
          have = reader.Next(&block);
        } catch (...) {
          mine = std::current_exception();
        }
        if (have || mine) ++next_read;
      }
      if (!have && !mine) return;
      decltype(&worker(block)) result = nullptr;
      try {
        if (!mine) result = &worker(block);
      } catch (...) {
        mine = std::current_exception();
      }
      std::unique_lock lock(committing);
      turn.wait(lock, [&] { return next_commit == number || stopped; });
      if (stopped) return;
      try {
        if (mine) std::rethrow_exception(mine);
        commit(*result);
      } catch (...) {
        failure = std::current_exception();
        stopped = true;
      }
      ++next_commit;
      turn.notify_all();
      if (stopped) return;
    }
  };
  const auto run_guarded = [&] {
    try {
      run();
    } catch (...) {
      const std::lock_guard lock(committing);
      if (!failure) failure = std::current_exception();
      stopped = true;
      turn.notify_all();
    }
  };
  std::vector<std::thread> pool;
  try {
    for (int t = 1; t < threads; ++t) pool.emplace_back(run_guarded);
  } catch (const std::exception&) {  // no further thread: those that are there do the work
  }
  run_guarded();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace fathom
