#include "worker/model/thread_pool.h"

namespace fathom {

ThreadPool::ThreadPool(int threads) {
  try {
    for (int t = 1; t < threads; ++t) pool_.emplace_back([this, t] { Loop(t); });
  } catch (...) {  // the system has no thread, or no memory, for one more
    Stop();
    throw;
  }
}

ThreadPool::~ThreadPool() { Stop(); }

void ThreadPool::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  started_.notify_all();
  for (std::thread& thread : pool_) thread.join();
}

void ThreadPool::ForEach(std::size_t items, const std::function<void(std::size_t, int)>& work) {
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    items_ = items;
    next_ = 0;
    failure_ = nullptr;
    busy_ = static_cast<int>(pool_.size());
    ++round_;
  }
  started_.notify_all();
  TakeItems(0);
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [&] { return busy_ == 0; });
  if (failure_) std::rethrow_exception(failure_);
}

void ThreadPool::Loop(int thread) {
  std::uint64_t seen = 0;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      started_.wait(lock, [&] { return stopping_ || round_ != seen; });
      if (stopping_) return;
      seen = round_;
    }
    TakeItems(thread);
    const std::lock_guard lock(mutex_);
    if (--busy_ == 0) finished_.notify_one();
  }
}

void ThreadPool::TakeItems(int thread) {
  for (;;) {
    std::size_t item = 0;
    {
      const std::lock_guard lock(mutex_);
      if (next_ >= items_ || failure_) return;
      item = next_++;
    }
    try {
      (*work_)(item, thread);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
    }
  }
}

}  // namespace fathom
