// digests.txt: shares of servers become lines of steps; a run that goes on keeps those before it.
#include "common/run/step_digests.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::ScratchDir;
using Shares = std::vector<std::uint64_t>;

TEST(StepDigestsTest, AStepIsTheSumOfItsServersShares) {
  const ScratchDir dir;
  const auto file = dir.path() / kDigestsFile;
  StepDigests digests(file, 0, 2);
  digests.Add(0, Shares{1, 2, 3});
  EXPECT_TRUE(ReadStepDigests(file).empty());
  digests.Add(1, Shares{0x10, ~std::uint64_t{0}});
  EXPECT_EQ(dir.Read(kDigestsFile),
            "fathom step digests 1\n1 0000000000000011\n2 0000000000000001\n");
  digests.Add(1, Shares{0xff});
  ASSERT_EQ(ReadStepDigests(file).size(), 3U);
  EXPECT_EQ(ReadStepDigests(file)[2].step, 3U);
  EXPECT_EQ(ReadStepDigests(file)[2].digest, 0x102U);
}

TEST(StepDigestsTest, ARunThatGoesOnKeepsWhatLiesBeforeIt) {
  const ScratchDir dir;
  const auto file = dir.path() / kDigestsFile;
  StepDigests(file, 0, 1).Add(0, Shares{1, 2, 3, 4, 5});
  StepDigests(file, 3, 1).Add(0, Shares{40});
  EXPECT_EQ(dir.Read(kDigestsFile),
            "fathom step digests 1\n1 0000000000000001\n2 0000000000000002\n3 0000000000000003\n"
            "4 0000000000000028\n");
  dir.Write(kDigestsFile, dir.Read(kDigestsFile) + "5 00000000000");  // killed while it wrote
  EXPECT_EQ(ReadStepDigests(file).size(), 4U);
  StepDigests anew(file, 0, 1);
  EXPECT_TRUE(ReadStepDigests(file).empty());
  StepDigests::Remove(file);
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST(StepDigestsTest, AFileOfSomebodyElseStays) {
  const ScratchDir dir;
  const auto file = dir.Write(kDigestsFile, "my notes\n");
  for (const std::uint64_t step : {0, 7}) {
    ExpectError(ExitCode::kData, {"digests.txt", "move it"}, [&] { StepDigests(file, step, 1); });
  }
  ExpectError(ExitCode::kUsage, {"digests.txt"}, [&] { StepDigests::CheckOurs(file); });
  StepDigests::Remove(file);
  EXPECT_EQ(dir.Read(kDigestsFile), "my notes\n");
  EXPECT_TRUE(ReadStepDigests(dir.path() / "none").empty());
}

TEST(StepDigestsTest, TellWhereRunsPart) {
  using Lines = std::vector<StepDigestLine>;
  const Lines a = {{1, 10}, {2, 20}, {3, 30}, {4, 40}};
  const auto check = [&](const Lines& b, std::uint64_t same, std::optional<std::uint64_t> step) {
    const Parting parting = FindParting(a, b);
    EXPECT_EQ(parting.same_through, same);
    EXPECT_EQ(parting.step, step);
  };
  check({{1, 10}, {2, 20}, {3, 31}, {4, 41}}, 2, 3);
  check({{3, 30}, {4, 41}}, 3, 4);
  check({{1, 11}}, 0, 1);
  check({{2, 20}, {3, 30}}, 3, std::nullopt);
  check({{7, 70}}, 0, std::nullopt);
  check({}, 0, std::nullopt);
}

}  // namespace
}  // namespace fathom
