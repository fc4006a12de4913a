#include "launcher/cluster/rank_addresses.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {
namespace {

bool Has(const RankNetworks& rank, const NetworkAddress& address) {
  return std::any_of(rank.addresses.begin(), rank.addresses.end(),
                     [&](const InterfaceAddress& one) { return one.address() == address; });
}

// The rank's address in the network around that one; the same where the rank has it itself.
std::optional<NetworkAddress> AddressIn(const Network& network, const RankNetworks& rank) {
  if (Has(rank, network.address)) return network.address;
  for (const InterfaceAddress& one : rank.addresses)
    if (network.Holds(one.address())) return one.address();
  return std::nullopt;
}

// The address that `of(rank)` says of every rank; nothing where one has none.
template <typename Of>
std::optional<std::vector<NetworkAddress>> OfEveryRank(std::size_t ranks, const Of& of) {
  std::vector<NetworkAddress> addresses;
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const std::optional<NetworkAddress> address = of(rank);
    if (!address) return std::nullopt;
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

std::vector<RankNetworks> WithoutSharedAddresses(const std::vector<RankNetworks>& by_rank) {
  std::vector<RankNetworks> own = by_rank;
  for (RankNetworks& rank : own) {
    std::erase_if(rank.addresses, [&](const InterfaceAddress& one) {
      return std::any_of(by_rank.begin(), by_rank.end(), [&](const RankNetworks& other) {
        return other.host != rank.host && Has(other, one.address());
      });
    });
  }
  return own;
}

std::optional<std::vector<NetworkAddress>> InOneNetwork(const std::vector<RankNetworks>& by_rank) {
  for (const InterfaceAddress& candidate : by_rank.front().addresses) {
    auto found = OfEveryRank(by_rank.size(), [&](std::size_t rank) {
      return AddressIn(candidate.network, by_rank[rank]);
    });
    if (found) return found;
  }
  return std::nullopt;
}

WaysToFirst WaysFrom(const RankNetworks& mine, const std::vector<InterfaceAddress>& of_first) {
  WaysToFirst ways;
  for (const InterfaceAddress& there : of_first) {
    const auto source = SourceTowards(there.address());
    ways.push_back(source && Has(mine, *source) ? source : std::nullopt);
  }
  return ways;
}

std::optional<std::vector<NetworkAddress>> ByRoutes(const std::vector<RankNetworks>& by_rank,
                                                    const std::vector<WaysToFirst>& ways) {
  const RankNetworks& first = by_rank.front();
  for (std::size_t i = 0; i < first.addresses.size(); ++i) {
    const auto towards = [&](std::size_t rank) -> std::optional<NetworkAddress> {
      if (by_rank[rank].host == first.host) return first.addresses[i].address();
      const auto way = i < ways[rank].size() ? ways[rank][i] : std::nullopt;
      return way && Has(by_rank[rank], *way) ? way : std::nullopt;
    };
    if (auto found = OfEveryRank(by_rank.size(), towards)) return found;
  }
  return std::nullopt;
}

std::string TextOf(const std::vector<RankNetworks>& by_rank) {
  std::string text;
  for (std::size_t rank = 0; rank < by_rank.size(); ++rank) {
    const bool told =
        std::any_of(by_rank.begin(), by_rank.begin() + static_cast<std::ptrdiff_t>(rank),
                    [&](const RankNetworks& other) { return other == by_rank[rank]; });
    if (told) continue;
    text += fmt::format("{}{} has {}", text.empty() ? "" : "; ", by_rank[rank].host,
                        by_rank[rank].addresses.empty() ? "none" : TextOf(by_rank[rank].addresses));
  }
  return text;
}

}  // namespace fathom
