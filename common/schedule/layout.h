// Who does what: a pure function of each rank's host and the config.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/partitions.h"

namespace fathom {

enum class RoleKind : std::uint8_t { kCoordinator = 0, kServer = 1, kWorker = 2 };

// A role's number in the whole run: 0 the coordinator, then the servers, then the workers.
using RoleId = std::uint32_t;

struct Role {
  RoleId id = 0;
  RoleKind kind = RoleKind::kCoordinator;
  int index = 0;  // among the roles of its kind
  int rank = 0;   // the process that plays it
};

struct Layout {
  std::vector<Role> roles;         // by id; of one kind also by rank
  std::vector<std::string> hosts;  // by rank
  int servers = 0;
  int workers = 0;

  RoleId coordinator() const { return 0; }
  RoleId server(int index) const { return static_cast<RoleId>(1 + index); }
  RoleId worker(int index) const { return static_cast<RoleId>(1 + servers + index); }
  int ranks() const { return static_cast<int>(hosts.size()); }
};

// "server 2"
std::string KindName(RoleKind kind);
std::string RoleName(const Role& role);

// "server 2 (rank 3 on node-a)"
std::string RoleAndPlace(const Layout& layout, RoleId role);

// Whether frames go between roles of these kinds: workers say nothing to workers, nor servers to
// servers.
constexpr bool Speak(RoleKind a, RoleKind b) { return a != b || a == RoleKind::kCoordinator; }

// By rank: whether one of its roles speaks with one of `rank`'s. The others need no connection.
std::vector<bool> RanksSpokenWith(const Layout& layout, int rank);

// The roles that a rank plays, by id; and of which kinds they are: "server",
// "coordinator+server+worker".
std::vector<Role> RolesOf(const Layout& layout, int rank);
std::string KindsOf(const Layout& layout, int rank);

// One rank holds every role (cluster.servers and cluster.workers count threads; 0 means 1). With
// two, rank 0 coordinates and serves (cluster.servers counts threads; 0 means 1) and rank 1 works.
// With more, rank 0 coordinates, cluster.servers ranks serve, spread evenly over the hosts, and the
// rest work; 0 servers means a third of the other ranks, at least 1. There are never more servers
// than partitions. Throws Error(kUsage) where the counts do not fit.
Layout MakeLayout(const std::vector<std::string>& host_of_rank, const ClusterConfig& cluster,
                  Partitions partitions = Partitions());

}  // namespace fathom
