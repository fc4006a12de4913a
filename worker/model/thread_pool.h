// A worker's compute threads. Items are handed out as threads become free; what an item computes
// must not depend on the thread that does it.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fathom {

class ThreadPool {
 public:
  // `threads` in all, the caller's among them.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(pool_.size()) + 1; }

  // Calls work(item, thread) for each item in [0, items), thread in [0, threads()); returns when
  // all are done. The first exception is thrown here.
  void ForEach(std::size_t items, const std::function<void(std::size_t item, int thread)>& work);

 private:
  void Stop();
  void Loop(int thread);
  void TakeItems(int thread);

  std::mutex mutex_;
  std::condition_variable started_, finished_;
  const std::function<void(std::size_t, int)>* work_ = nullptr;
  std::size_t items_ = 0;
  std::size_t next_ = 0;
  std::uint64_t round_ = 0;
  int busy_ = 0;
  bool stopping_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> pool_;
};

}  // namespace fathom
