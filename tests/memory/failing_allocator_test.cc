// A run in which an allocation fails, anywhere: it ends with an error, or it goes on to the same
// model; it never ends in another one, never hangs and never dies without a word. Each is a process
// of its own, since an allocation that fails within a library's destructor ends the process.
#include "tests/memory/failing_allocator.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <random>

#include "common/error.h"
#include "common/model/model_compare.h"
#include "common/process/terminate_handler.h"
#include "launcher/synthetic/generate_books.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::BooksConfig;
using testing::FailingAllocator;
using testing::ScratchDir;
using testing::TrainEmbedded;

constexpr int kTrials = 150;
constexpr unsigned kDeadlineSeconds = 60;  // three times the config's

class FailingAllocatorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    GenerateBooks(2000, 5, scratch_.path());
    // The packed data are there before the first allocation fails.
    TrainEmbedded(MakeConfig(), Packed(), Out("reference"));
  }

  Config MakeConfig() const {
    return BooksConfig(scratch_.path(),
                       {"cluster.servers=2", "cluster.workers=2", "cluster.timeout_seconds=20",
                        "checkpoint.every_steps=7", "train.epochs=1"});
  }
  std::filesystem::path Packed() const { return scratch_.path() / "packed"; }
  std::filesystem::path Out(const std::string& name) const { return scratch_.path() / name; }

  std::uint64_t CountCalls() {
    const Config config = MakeConfig();
    FailingAllocator::Refuse(0, 0);
    TrainEmbedded(config, Packed(), Out("trial"));
    return FailingAllocator::Stop();
  }

  // In a process of its own, whose standard error is Out("words"). Returns its exit code.
  int Train(std::uint64_t first, std::uint64_t count) {
    std::filesystem::remove_all(Out("trial"));
    const pid_t child = fork();
    if (child == 0) TrainAndExit(first, count);
    int status = 0;
    EXPECT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WEXITSTATUS(status);
  }

  [[noreturn]] void TrainAndExit(std::uint64_t first, std::uint64_t count) {
    static_cast<void>(!std::freopen(Out("words").c_str(), "w", stderr));
    alarm(kDeadlineSeconds);  // a hang shows as a signal
    InstallTerminateHandler();
    const Config config = MakeConfig();
    FailingAllocator::Refuse(first, count);
    try {
      TrainEmbedded(config, Packed(), Out("trial"));
    } catch (const std::exception& error) {
      FailingAllocator::Stop();
      std::fprintf(stderr, "%s\n", error.what());
      std::fflush(stderr);
      std::_Exit(static_cast<int>(ExitCode::kTraining));
    }
    std::_Exit(0);
  }

  ScratchDir scratch_;
};

TEST_F(FailingAllocatorTest, ARunEndsWithAnErrorOrInTheSameModel) {
  const std::uint64_t calls = CountCalls();
  ASSERT_GT(calls, 1000U);
  std::mt19937_64 random(1);
  int ended = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    const std::uint64_t first = random() % calls;
    const std::uint64_t count = trial % 3 == 2 ? 20 : 1;
    SCOPED_TRACE(::testing::Message() << "allocations " << first << " + " << count);
    if (Train(first, count) == 0) {
      EXPECT_EQ(CompareModels(Out("reference") / "model", Out("trial") / "model"), "");
    } else {
      EXPECT_GT(std::filesystem::file_size(Out("words")), 0U);
      ++ended;
    }
  }
  EXPECT_GT(ended, kTrials / 2);
}

}  // namespace
}  // namespace fathom
