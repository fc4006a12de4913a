#include "launcher/launch/mpirun_line.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

TEST(MpirunLine, OneHost) {
  const LaunchRequest request{.ranks = 4, .command = {"train", "a.toml", "seed=2"}};
  EXPECT_EQ(ShellLine(MpirunLine(request, "/opt/fathom", false, false)),
            "mpirun --oversubscribe --bind-to none -np 4 /opt/fathom train a.toml seed=2");
}

TEST(MpirunLine, HostsRootAndResume) {
  const LaunchRequest request{.ranks = 8,
                              .hosts = {"n1:4", "n2:4"},
                              .mpirun_args = {"--mca", "btl_tcp_if_include", "eth0"},
                              .command = {"train", "a.toml"}};
  EXPECT_EQ(ShellLine(MpirunLine(request, "fathom", true, true)),
            "mpirun --oversubscribe --bind-to none --allow-run-as-root --host n1:4,n2:4 --mca "
            "btl_tcp_if_include eth0 -np 8 fathom train a.toml resume=auto");
}

TEST(MpirunLine, TheCommandsOwnResumeIsOfTheFirstStart) {
  const LaunchRequest request{.ranks = 2,
                              .hostfile = "hosts",
                              .command = {"train", "a.toml", "resume=/ck/step-1", "seed=2"}};
  EXPECT_EQ(ShellLine(MpirunLine(request, "fathom", false, false)),
            "mpirun --oversubscribe --bind-to none --hostfile hosts -np 2 fathom train a.toml "
            "resume=/ck/step-1 seed=2");
  EXPECT_EQ(
      ShellLine(MpirunLine(request, "fathom", true, false)),
      "mpirun --oversubscribe --bind-to none --hostfile hosts -np 2 fathom train a.toml seed=2 "
      "resume=auto");
}

TEST(MpirunLine, QuotedForAShell) {
  EXPECT_EQ(ShellLine({"a b", "it's", "$x", "", "x=[1]"}), "'a b' 'it'\\''s' '$x' '' 'x=[1]'");
}

}  // namespace
}  // namespace fathom
