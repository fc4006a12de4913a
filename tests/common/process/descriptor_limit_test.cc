#include "common/process/descriptor_limit.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

class DescriptorLimitTest : public ::testing::Test {
 protected:
  DescriptorLimitTest() { getrlimit(RLIMIT_NOFILE, &before_); }
  ~DescriptorLimitTest() override { setrlimit(RLIMIT_NOFILE, &before_); }

  rlim_t Limit() const {
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    return now.rlim_cur;
  }

  rlimit before_{};
};

TEST_F(DescriptorLimitTest, IsRaisedAsFarAsTheSystemAllows) {
  rlimit low = before_;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  AllowDescriptors(8, "eight need");
  EXPECT_EQ(Limit(), 64U) << "there is room";
  AllowDescriptors(100, "a hundred need");
  EXPECT_GE(Limit(), 103U);
}

TEST_F(DescriptorLimitTest, BeyondWhatTheSystemAllowsIsRefused) {
  testing::ExpectError(ExitCode::kUsage, {"ranks need", "ulimit -n", "LimitNOFILE"}, [&] {
    AllowDescriptors(before_.rlim_max, "the connections of all ranks need");
  });
  EXPECT_EQ(Limit(), before_.rlim_cur);
}

}  // namespace
}  // namespace fathom
