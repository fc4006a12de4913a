// At which address each rank is reached by the others, chosen from what all hosts have. Names of
// interfaces differ between hosts, and an address that several hosts have (a bridge of containers)
// leads nowhere: so it is the networks that are compared.
//
// Pure functions, so that they can be tested. Thread rule: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "launcher/cluster/local_address.h"

namespace fathom {

// The addresses that a rank may use, in its order of preference, and its host.
struct RankNetworks {
  std::string host;
  std::vector<InterfaceAddress> addresses;

  friend bool operator==(const RankNetworks&, const RankNetworks&) = default;
};

// Without the addresses that a rank on another host has too.
std::vector<RankNetworks> WithoutSharedAddresses(const std::vector<RankNetworks>& by_rank);

// Each rank's address in one network that all are in: of those the one that rank 0 prefers.
// Nothing: there is none.
std::optional<std::vector<NetworkAddress>> InOneNetwork(const std::vector<RankNetworks>& by_rank);

// A rank's way to rank 0: the address from which it sends to each of rank 0's; nothing where it
// knows no way, or where the address is none that it may use.
using WaysToFirst = std::vector<std::optional<NetworkAddress>>;
WaysToFirst WaysFrom(const RankNetworks& mine, const std::vector<InterfaceAddress>& of_first);

// Each rank's address towards that of rank 0's which every other host knows a way to: of those the
// one that rank 0 prefers. Nothing: there is none.
std::optional<std::vector<NetworkAddress>> ByRoutes(const std::vector<RankNetworks>& by_rank,
                                                    const std::vector<WaysToFirst>& ways);

// What each host has, a line each, for the error where nothing is found.
std::string TextOf(const std::vector<RankNetworks>& by_rank);

}  // namespace fathom
