#include "common/run/folder_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

#include "common/process/process_mark.h"
#include "tests/support/dead_process.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using std::chrono::milliseconds;
using testing::ExpectError;
namespace fs = std::filesystem;

class FolderLockTest : public ::testing::Test {
 protected:
  static constexpr FolderLock::Timing kShort{
      .beat = milliseconds(10), .dead_after = milliseconds(80), .poll = milliseconds(5)};

  const fs::path& dir() const { return scratch_.path(); }
  fs::path lock() const { return dir() / "run.lock"; }

  std::unique_ptr<FolderLock> Take(FolderLock::Timing timing = kShort) const {
    return std::make_unique<FolderLock>(
        dir(), "train", [] {}, timing);
  }

  // As a run left it.
  void Leave(const ProcessMark& mark) const {
    scratch_.Write("run.lock/" + mark.Name(), "000000000007\nfathom train since then\n");
  }

  static ProcessMark MarkElsewhere() {
    ProcessMark mark = ProcessMark::OfThisProcess();
    mark.host = "node7";
    mark.boot = "77";
    return mark;
  }

  testing::ScratchDir scratch_;
};

TEST_F(FolderLockTest, TheSecondIsRefusedAndToldOfTheFirst) {
  const auto first = Take();
  const std::string process = "process " + std::to_string(getpid());
  const std::string host = ProcessMark::OfThisProcess().host;
  ExpectError(ExitCode::kUsage,
              {dir().c_str(), process.c_str(), host.c_str(), "fathom train since", "output.dir",
               "run.lock"},
              [&] { Take(); });
  first->Check();
}

TEST_F(FolderLockTest, WhoReleasesItLeavesNothing) {
  Take();
  EXPECT_TRUE(fs::is_empty(dir()));
  Take();
  ExpectError(ExitCode::kUsage, {"another run"}, [&] {
    const auto held = Take();
    Take();
  });
  EXPECT_TRUE(fs::is_empty(dir()));
}

TEST_F(FolderLockTest, ADeadHolderOfThisHostIsReplacedAtOnce) {
  Leave(testing::MarkOfDeadProcess());
  const auto held = std::make_unique<FolderLock>(
      dir(), "train", [] { ADD_FAILURE() << "it was waited for"; }, kShort);
  EXPECT_EQ(std::distance(fs::directory_iterator(lock()), fs::directory_iterator()), 1);
  held->Check();
}

TEST_F(FolderLockTest, AnEmptyLockIsFree) {
  fs::create_directories(lock());
  Take()->Check();
}

TEST_F(FolderLockTest, OneElsewhereThatIsStillIsDead) {
  Leave(MarkElsewhere());
  int waited = 0;
  const FolderLock held(
      dir(), "train", [&] { ++waited; }, kShort);
  EXPECT_GT(waited, 2) << "nobody may say meanwhile that this rank is at work";
  held.Check();
}

// A container whose process has the number of a dead one here.
TEST_F(FolderLockTest, OneInAnotherContainerIsWatchedToo) {
  ProcessMark mark = testing::MarkOfDeadProcess();
  ++mark.pid_space;
  Leave(mark);
  int waited = 0;
  const FolderLock held(
      dir(), "train", [&] { ++waited; }, kShort);
  EXPECT_GT(waited, 2);
}

TEST_F(FolderLockTest, OneElsewhereThatGivesSignsIsAlive) {
  const ProcessMark mark = MarkElsewhere();
  Leave(mark);
  std::atomic<bool> over{false};
  std::thread beats([&] {
    for (int beat = 8; !over; ++beat) {
      std::ofstream(lock() / mark.Name(), std::ios::in)
          << fmt::format("{:012}\nfathom sweep since then\n", beat);
      std::this_thread::sleep_for(milliseconds(10));
    }
  });
  const std::string process = "process " + std::to_string(mark.pid);
  ExpectError(ExitCode::kUsage, {"node7", process.c_str(), "fathom sweep since then"},
              [&] { Take({.beat = milliseconds(10), .dead_after = std::chrono::seconds(100)}); });
  over = true;
  beats.join();
}

TEST_F(FolderLockTest, WhatNoRunHasPutThereIsNotTouched) {
  scratch_.Write("run.lock/notes", "mine");
  ExpectError(ExitCode::kUsage, {"notes", "remove"}, [&] { Take(); });
  EXPECT_EQ(scratch_.Read("run.lock/notes"), "mine");
}

TEST_F(FolderLockTest, WhoWasReplacedIsTold) {
  const auto held = Take();
  for (const auto& entry : fs::directory_iterator(lock()))
    fs::rename(entry.path(), lock() / MarkElsewhere().Name());
  ExpectError(ExitCode::kUsage, {"another has taken the folder over"}, [&] { held->Check(); });
}

TEST_F(FolderLockTest, WhatOneThatWasKilledTooEarlyLeftIsRemoved) {
  const std::string left = "run.lock." + testing::MarkOfDeadProcess().Name();
  scratch_.Write(left + "/file", "");
  Take();
  EXPECT_FALSE(fs::exists(dir() / left));
}

// Of many that find the same dead holder, or none, one has it, in each of many rounds.
TEST_F(FolderLockTest, OfManyAtOnceOneHasIt) {
  constexpr int kThreads = 6, kRounds = 100;
  const ProcessMark dead = testing::MarkOfDeadProcess();
  std::atomic<int> winners{0};
  int won_in_all = 0;
  std::barrier gate(kThreads, [&]() noexcept {});
  std::barrier reset(kThreads, [&]() noexcept {
    EXPECT_LE(winners, 1);
    won_in_all += winners;
    winners = 0;
    fs::remove_all(lock());
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < kRounds; ++round) {
        if (t == 0 && round % 2 == 0) Leave(dead);
        gate.arrive_and_wait();
        std::unique_ptr<FolderLock> held;
        try {
          held = Take();
          ++winners;
        } catch (const Error&) {
        }
        gate.arrive_and_wait();
        if (held) held->Check();
        held.reset();
        reset.arrive_and_wait();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(won_in_all, kRounds);
}

// They come and go all the time.
TEST_F(FolderLockTest, NeverTwoInside) {
  constexpr int kThreads = 4, kRounds = 150;
  std::atomic<int> inside{0}, entered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        try {
          const auto held = Take();
          EXPECT_EQ(++inside, 1);
          ++entered;
          held->Check();
          --inside;
        } catch (const Error& error) {
          EXPECT_EQ(error.code(), ExitCode::kUsage) << error.what();
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_GT(entered, 0);
  EXPECT_TRUE(fs::is_empty(dir()));
}

}  // namespace
}  // namespace fathom
