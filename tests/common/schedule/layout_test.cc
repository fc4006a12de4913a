#include "common/schedule/layout.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using Hosts = std::vector<std::string>;

std::string Describe(const Layout& layout) {
  std::string text;
  for (const Role& role : layout.roles) {
    text += std::to_string(role.rank) +
            (role.kind == RoleKind::kCoordinator ? "c"
             : role.kind == RoleKind::kServer    ? "s"
                                                 : "w") +
            " ";
  }
  return text;
}

TEST(Layout, OneRankHoldsEveryRole) {
  EXPECT_EQ(Describe(MakeLayout({"a"}, {})), "0c 0s 0w ");
  EXPECT_EQ(Describe(MakeLayout({"a"}, {.servers = 2, .workers = 3})), "0c 0s 0s 0w 0w 0w ");
}

TEST(Layout, TwoRanks) { EXPECT_EQ(Describe(MakeLayout({"a", "a"}, {})), "0c 0s 1w "); }

TEST(Layout, OneHost) {
  EXPECT_EQ(Describe(MakeLayout(Hosts(4, "a"), {})), "0c 1s 2w 3w ");
  EXPECT_EQ(Describe(MakeLayout(Hosts(6, "a"), {})), "0c 1s 2w 3w 4w 5w ");
  EXPECT_EQ(Describe(MakeLayout(Hosts(7, "a"), {})), "0c 1s 2s 3w 4w 5w 6w ");
  EXPECT_EQ(Describe(MakeLayout(Hosts(5, "a"), {.servers = 3})), "0c 1s 2s 3s 4w ");
}

TEST(Layout, ServersAreSpreadOverTheHosts) {
  EXPECT_EQ(Describe(MakeLayout({"a", "a", "a", "b", "b", "b", "c", "c", "c"}, {.servers = 3})),
            "0c 1s 3s 6s 2w 4w 5w 7w 8w ");
}

TEST(Layout, EveryRankHasARole) {
  for (int ranks = 1; ranks < 30; ++ranks) {
    const Layout layout = MakeLayout(Hosts(static_cast<std::size_t>(ranks), "a"), {});
    std::vector<bool> used(static_cast<std::size_t>(ranks));
    for (const Role& role : layout.roles) used[static_cast<std::size_t>(role.rank)] = true;
    for (const bool one : used) EXPECT_TRUE(one);
    for (std::size_t id = 0; id < layout.roles.size(); ++id) EXPECT_EQ(layout.roles[id].id, id);
  }
}

TEST(Layout, NamesOfRoles) {
  const Layout layout = MakeLayout({"a", "b", "b", "c"}, {.servers = 2});
  EXPECT_EQ(RoleAndPlace(layout, layout.coordinator()), "coordinator (rank 0 on a)");
  EXPECT_EQ(RoleAndPlace(layout, layout.server(1)), "server 1 (rank 3 on c)");
  EXPECT_EQ(RoleAndPlace(layout, layout.worker(0)), "worker 0 (rank 2 on b)");
  EXPECT_EQ(KindsOf(layout, 0), "coordinator");
  EXPECT_EQ(KindsOf(layout, 2), "worker");
  const Layout alone = MakeLayout({"a"}, {.servers = 2, .workers = 2});
  EXPECT_EQ(KindsOf(alone, 0), "coordinator+server+worker");
  EXPECT_EQ(RolesOf(alone, 0).size(), 5U);
  EXPECT_EQ(alone.worker(1), 4);
}

// Of a cluster too large for them all, so many serve as there are partitions.
TEST(Layout, NoMoreServersThanPartitions) {
  const Layout layout = MakeLayout(Hosts(400, "a"), {});
  EXPECT_EQ(layout.servers, 64);
  EXPECT_EQ(layout.workers, 335);
  EXPECT_EQ(MakeLayout(Hosts(400, "a"), {}, Partitions(128)).servers, 128);
  EXPECT_EQ(MakeLayout(Hosts(400, "a"), {}, Partitions(256)).servers, 133);
}

// Rank 0 coordinates, ranks 1 and 2 serve, the rest work.
TEST(Layout, WorkersSpeakWithServersAndServersWithWorkers) {
  const Layout layout = MakeLayout(Hosts(5, "a"), {.servers = 2});
  const auto spoken_with = [&](int rank) {
    std::string ranks;
    for (const bool speaks : RanksSpokenWith(layout, rank)) ranks += speaks ? '1' : '0';
    return ranks;
  };
  EXPECT_EQ(spoken_with(0), "01111");
  EXPECT_EQ(spoken_with(1), "10011");
  EXPECT_EQ(spoken_with(2), "10011");
  EXPECT_EQ(spoken_with(3), "11100");
  EXPECT_EQ(spoken_with(4), "11100");
  const Layout two = MakeLayout(Hosts(2, "a"), {});
  EXPECT_EQ(RanksSpokenWith(two, 0), (std::vector<bool>{false, true}));
}

// Numbers of roles do not end at 16 bits, and nobody looks at all roles once for each rank.
TEST(Layout, AHundredThousandRanks) {
  const Layout layout = MakeLayout(Hosts(100000, "a"), {.servers = 1024}, Partitions(1024));
  EXPECT_EQ(layout.servers, 1024);
  EXPECT_EQ(layout.worker(98974), 99999U);
  EXPECT_EQ(layout.roles.back().id, 99999U);
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    const auto roles = RolesOf(layout, rank);
    ASSERT_EQ(roles.size(), 1U);
    ASSERT_EQ(roles[0].rank, rank);
  }
}

TEST(Layout, TooManyServers) {
  testing::ExpectError(ExitCode::kUsage, {"cluster.servers = 3", "4 ranks allow at most 2"},
                       [] { MakeLayout(Hosts(4, "a"), {.servers = 3}); });
  testing::ExpectError(ExitCode::kUsage, {"cluster.servers = 65", "set server.partitions to 128"},
                       [] { MakeLayout({"a"}, {.servers = 65}); });
}

}  // namespace
}  // namespace fathom
