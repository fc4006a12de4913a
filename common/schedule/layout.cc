#include "common/schedule/layout.h"

#include <algorithm>
#include <bit>
#include <map>
#include <set>

#include "common/error.h"

namespace fathom {
namespace {

// One server for so many of the ranks but rank 0.
constexpr int kRanksAServer = 3;

// A server owns whole partitions.
void CheckServers(int servers, Partitions partitions) {
  if (servers <= partitions.count()) return;
  Fail(ExitCode::kUsage,
       "cluster.servers = {}, but server.partitions = {} have at most as many servers: set "
       "server.partitions to {}",
       servers, partitions.count(), std::bit_ceil(static_cast<unsigned>(servers)));
}

// The ranks that serve: the hosts take turns, each giving its highest rank that is still free;
// rank 0 coordinates.
std::vector<int> ServerRanks(const std::vector<std::string>& host_of_rank, int servers) {
  std::vector<std::string> hosts;  // in order of first rank
  std::map<std::string, std::vector<int>> free_ranks;
  for (int rank = 0; rank < static_cast<int>(host_of_rank.size()); ++rank) {
    const std::string& host = host_of_rank[static_cast<std::size_t>(rank)];
    if (free_ranks.find(host) == free_ranks.end()) hosts.push_back(host);
    auto& ranks = free_ranks[host];
    if (rank != 0) ranks.push_back(rank);
  }
  for (auto& [host, ranks] : free_ranks) std::reverse(ranks.begin(), ranks.end());
  std::vector<int> chosen;
  for (std::size_t turn = 0; static_cast<int>(chosen.size()) < servers; ++turn) {
    auto& ranks = free_ranks[hosts[turn % hosts.size()]];
    if (ranks.empty()) continue;
    chosen.push_back(ranks.back());
    ranks.pop_back();
  }
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

Layout FromRanks(std::vector<std::string> hosts, const std::vector<int>& server_ranks,
                 const std::vector<int>& worker_ranks) {
  Layout layout;
  layout.hosts = std::move(hosts);
  layout.servers = static_cast<int>(server_ranks.size());
  layout.workers = static_cast<int>(worker_ranks.size());
  const auto add = [&](RoleKind kind, int index, int rank) {
    layout.roles.push_back({static_cast<RoleId>(layout.roles.size()), kind, index, rank});
  };
  add(RoleKind::kCoordinator, 0, 0);
  for (int i = 0; i < layout.servers; ++i)
    add(RoleKind::kServer, i, server_ranks[static_cast<std::size_t>(i)]);
  for (int i = 0; i < layout.workers; ++i)
    add(RoleKind::kWorker, i, worker_ranks[static_cast<std::size_t>(i)]);
  return layout;
}

}  // namespace

std::string KindName(RoleKind kind) {
  switch (kind) {
    case RoleKind::kCoordinator:
      return "coordinator";
    case RoleKind::kServer:
      return "server";
    case RoleKind::kWorker:
      return "worker";
  }
  return "unknown role";
}

std::string RoleName(const Role& role) {
  if (role.kind == RoleKind::kCoordinator) return KindName(role.kind);
  return fmt::format("{} {}", KindName(role.kind), role.index);
}

std::string RoleAndPlace(const Layout& layout, RoleId id) {
  const Role& role = layout.roles.at(id);
  return fmt::format("{} (rank {} on {})", RoleName(role), role.rank,
                     layout.hosts[static_cast<std::size_t>(role.rank)]);
}

std::vector<bool> RanksSpokenWith(const Layout& layout, int rank) {
  std::set<RoleKind> here;
  for (const Role& role : layout.roles) {
    if (role.rank == rank) here.insert(role.kind);
  }
  std::vector<bool> spoken_with(layout.hosts.size(), false);
  for (const Role& role : layout.roles) {
    const auto speaks = [&](RoleKind kind) { return Speak(kind, role.kind); };
    if (role.rank != rank && std::any_of(here.begin(), here.end(), speaks))
      spoken_with[static_cast<std::size_t>(role.rank)] = true;
  }
  return spoken_with;
}

std::vector<Role> RolesOf(const Layout& layout, int rank) {
  std::vector<Role> roles;
  const auto of_kind = [&](RoleId first, int count) {
    const auto begin = layout.roles.begin() + first;
    const auto end = begin + count;
    const auto mine =
        std::partition_point(begin, end, [&](const Role& r) { return r.rank < rank; });
    const auto behind =
        std::partition_point(mine, end, [&](const Role& r) { return r.rank == rank; });
    roles.insert(roles.end(), mine, behind);
  };
  of_kind(layout.coordinator(), 1);
  of_kind(layout.server(0), layout.servers);
  of_kind(layout.worker(0), layout.workers);
  return roles;
}

std::string KindsOf(const Layout& layout, int rank) {
  std::string kinds;
  RoleKind last{};
  for (const Role& role : RolesOf(layout, rank)) {
    if (!kinds.empty() && role.kind == last) continue;
    kinds += (kinds.empty() ? "" : "+") + KindName(role.kind);
    last = role.kind;
  }
  return kinds;
}

Layout MakeLayout(const std::vector<std::string>& host_of_rank, const ClusterConfig& cluster,
                  Partitions partitions) {
  const int ranks = static_cast<int>(host_of_rank.size());
  const int asked = static_cast<int>(cluster.servers);
  CheckServers(asked, partitions);
  if (ranks == 1) {
    const int servers = std::max(1, asked);
    const int workers = std::max(1, static_cast<int>(cluster.workers));
    return FromRanks(host_of_rank, std::vector<int>(static_cast<std::size_t>(servers), 0),
                     std::vector<int>(static_cast<std::size_t>(workers), 0));
  }
  if (ranks == 2)
    return FromRanks(host_of_rank,
                     std::vector<int>(static_cast<std::size_t>(std::max(1, asked)), 0), {1});
  if (asked > ranks - 2) {
    Fail(ExitCode::kUsage,
         "cluster.servers = {}, but {} ranks allow at most {}: one coordinates and at least one "
         "works; "
         "start more ranks or ask for fewer servers",
         asked, ranks, ranks - 2);
  }
  const int servers =
      asked > 0 ? asked : std::clamp((ranks - 1) / kRanksAServer, 1, partitions.count());
  const std::vector<int> server_ranks = ServerRanks(host_of_rank, servers);
  std::vector<int> worker_ranks;
  for (int rank = 1; rank < ranks; ++rank) {
    if (!std::binary_search(server_ranks.begin(), server_ranks.end(), rank))
      worker_ranks.push_back(rank);
  }
  return FromRanks(host_of_rank, server_ranks, worker_ranks);
}

}  // namespace fathom
