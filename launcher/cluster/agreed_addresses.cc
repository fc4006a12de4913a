#include "launcher/cluster/agreed_addresses.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <sstream>

#include "common/error.h"
#include "launcher/cluster/rank_addresses.h"

namespace fathom {
namespace {

constexpr const char* kNoWay = "-";

std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// What ranks tell of themselves is lines of words.
std::string LinesOf(const std::vector<InterfaceAddress>& addresses) {
  std::string lines;
  for (const InterfaceAddress& one : addresses)
    lines +=
        fmt::format("{}/{} {}\n", one.address().Text(), one.network.prefix_bits, one.interface);
  return lines;
}

std::vector<InterfaceAddress> AddressesFrom(std::string_view lines) {
  std::vector<InterfaceAddress> addresses;
  std::istringstream in{std::string(lines)};
  for (std::string network, interface; in >> network >> interface;) {
    const auto read = Network::From(network);
    if (!read) Fail(ExitCode::kPeer, "a rank calls \"{}\" an address of its host", network);
    addresses.push_back({.interface = interface, .network = *read});
  }
  return addresses;
}

std::string LinesOf(const WaysToFirst& ways) {
  std::string lines;
  for (const auto& way : ways) lines += (way ? way->Text() : kNoWay) + std::string("\n");
  return lines;
}

WaysToFirst WaysFromLines(std::string_view lines) {
  WaysToFirst ways;
  std::istringstream in{std::string(lines)};
  for (std::string way; in >> way;) ways.push_back(NetworkAddress::From(way));
  return ways;
}

// Rank 0: how each rank gets to it.
std::vector<WaysToFirst> GatherWays(const RankNetworks& mine, MpiSession& mpi) {
  const auto of_first = mpi.BroadcastAny(BytesOf(LinesOf(mine.addresses)));
  const std::string ways = LinesOf(WaysFrom(mine, AddressesFrom(TextOf(of_first))));
  std::vector<WaysToFirst> by_rank;
  mpi.GatherOnFirst(BytesOf(ways), [&](int, std::span<const std::byte> lines) {
    by_rank.push_back(WaysFromLines(TextOf(lines)));
  });
  return by_rank;
}

}  // namespace

std::vector<std::string> AgreeOnAddresses(const std::string& interface, MpiSession& mpi) {
  RankNetworks mine{mpi.host(), Chosen(InterfaceAddresses(), interface)};
  std::vector<RankNetworks> all;
  mpi.GatherOnFirst(BytesOf(LinesOf(mine.addresses)), [&](int rank, auto lines) {
    all.push_back({mpi.hosts()[static_cast<std::size_t>(rank)], AddressesFrom(TextOf(lines))});
  });
  std::optional<std::vector<NetworkAddress>> found;
  if (mpi.rank() == 0) {
    all = WithoutSharedAddresses(all);
    found = InOneNetwork(all);
    mine = all.front();
  }
  bool asks_for_routes = !found.has_value();
  mpi.Broadcast(std::as_writable_bytes(std::span(&asks_for_routes, 1)));
  if (asks_for_routes) {
    const auto ways = GatherWays(mine, mpi);
    if (mpi.rank() == 0) found = ByRoutes(all, ways);
  }
  std::string agreed;
  if (mpi.rank() == 0) {
    if (!found) {
      Fail(ExitCode::kUsage,
           "no network joins all hosts, and some know no way to rank 0: {}. Join them, name in "
           "cluster.interface what they are joined by, or use cluster.transport=mpi",
           TextOf(all));
    }
    for (const NetworkAddress& address : *found) agreed += address.Text() + "\n";
  }
  const auto lines = mpi.BroadcastAny(BytesOf(agreed));
  std::vector<std::string> addresses;
  std::istringstream in{std::string(TextOf(lines))};
  for (std::string address; in >> address;) addresses.push_back(address);
  if (static_cast<int>(addresses.size()) != mpi.ranks())
    Fail(ExitCode::kPeer, "rank 0 agreed on {} addresses for {} ranks", addresses.size(),
         mpi.ranks());
  return addresses;
}

}  // namespace fathom
