#include "worker/model/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace fathom {
namespace {

TEST(ThreadPool, DoesEachItemOnce) {
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (int round = 0; round < 20; ++round) {
      std::vector<std::atomic<int>> done(101);
      pool.ForEach(done.size(), [&](std::size_t item, int thread) {
        ASSERT_LT(thread, threads);
        ++done[item];
      });
      for (const auto& count : done) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, ThrowsWhatAnItemThrows) {
  ThreadPool pool(3);
  EXPECT_THROW(pool.ForEach(10,
                            [](std::size_t item, int) {
                              if (item == 4) throw std::runtime_error("four");
                            }),
               std::runtime_error);
  std::atomic<int> done{0};
  pool.ForEach(7, [&](std::size_t, int) { ++done; });
  EXPECT_EQ(done, 7);
}

}  // namespace
}  // namespace fathom
