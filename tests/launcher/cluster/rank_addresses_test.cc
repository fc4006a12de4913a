#include "launcher/cluster/rank_addresses.h"

#include <gtest/gtest.h>

namespace fathom {
namespace {

using Texts = std::vector<std::string>;

InterfaceAddress Interface(const std::string& interface, const std::string& network) {
  return {.interface = interface, .network = *Network::From(network)};
}

const InterfaceAddress kDocker = Interface("docker0", "172.17.0.1/16");

Texts TextsOf(const std::optional<std::vector<NetworkAddress>>& addresses) {
  Texts texts;
  if (addresses) {
    for (const NetworkAddress& address : *addresses) texts.push_back(address.Text());
  }
  return texts;
}

Texts Agreed(const std::vector<RankNetworks>& by_rank) {
  return TextsOf(InOneNetwork(WithoutSharedAddresses(by_rank)));
}

// The bridge of containers comes first on every host and has one address on all.
TEST(RankAddresses, ABridgeThatAllHostsHaveIsNotMeant) {
  EXPECT_EQ(Agreed({{"a", {kDocker, Interface("ens3", "10.0.3.7/16")}},
                    {"b", {kDocker, Interface("enp2s0", "10.0.9.1/16")}},
                    {"a", {kDocker, Interface("ens3", "10.0.3.7/16")}}}),
            (Texts{"10.0.3.7", "10.0.9.1", "10.0.3.7"}))
      << "names differ";
  EXPECT_EQ(Agreed({{"a", {kDocker}}, {"b", {kDocker}}}), Texts());
}

TEST(RankAddresses, OfTwoNetworksThatAllAreInTheOneThatRank0Prefers) {
  const RankNetworks a{"a", {Interface("ib0", "192.168.1.1/24"), Interface("eth0", "10.0.0.1/8")}};
  const RankNetworks b{"b", {Interface("eth0", "10.0.0.2/8"), Interface("ib1", "192.168.1.2/24")}};
  EXPECT_EQ(Agreed({a, b}), (Texts{"192.168.1.1", "192.168.1.2"}));
  EXPECT_EQ(Agreed({b, a}), (Texts{"10.0.0.2", "10.0.0.1"}));
  const RankNetworks only{"c", {Interface("eth0", "10.0.0.3/8")}};
  EXPECT_EQ(Agreed({a, b, only}), (Texts{"10.0.0.1", "10.0.0.2", "10.0.0.3"}))
      << "not all are in rank 0's first";
}

TEST(RankAddresses, IPv6Alone) {
  EXPECT_EQ(Agreed({{"a", {Interface("eth0", "fd00:1::1/64")}},
                    {"b", {Interface("eth1", "fd00:1::2/64")}}}),
            (Texts{"fd00:1::1", "fd00:1::2"}));
  EXPECT_EQ(Agreed({{"a", {Interface("eth0", "fd00:1::1/64")}},
                    {"b", {Interface("eth1", "fd00:2::2/64")}}}),
            Texts());
}

// Two addresses of one interface are in one network.
TEST(RankAddresses, RanksOfOneHostHaveOneAddress) {
  const RankNetworks a{"a", {Interface("eth0", "10.0.0.1/24"), Interface("eth0", "10.0.0.9/24")}};
  const RankNetworks b{"b", {Interface("eth0", "10.0.0.2/24")}};
  EXPECT_EQ(Agreed({a, a, b}), (Texts{"10.0.0.1", "10.0.0.1", "10.0.0.2"}));
}

TEST(RankAddresses, BetweenNetworksTheKernelsRoutesDecide) {
  const RankNetworks a{"a", {Interface("eth0", "10.1.0.1/24"), Interface("eth1", "10.2.0.1/24")}};
  const RankNetworks b{"b", {Interface("eth0", "10.3.0.1/24"), Interface("eth1", "10.4.0.1/24")}};
  const auto from = [](const char* text) { return NetworkAddress::From(text); };
  EXPECT_EQ(TextsOf(InOneNetwork({a, b})), Texts());
  EXPECT_EQ(TextsOf(ByRoutes({a, b, a}, {{}, {std::nullopt, from("10.4.0.1")}, {}})),
            (Texts{"10.2.0.1", "10.4.0.1", "10.2.0.1"}));
  EXPECT_EQ(TextsOf(ByRoutes({a, b}, {{}, {std::nullopt, std::nullopt}})), Texts());
  EXPECT_EQ(TextsOf(ByRoutes({a, b}, {{}, {}})), Texts()) << "it says too little";
  EXPECT_EQ(TextsOf(ByRoutes({a, b}, {{}, {from("10.9.0.1"), std::nullopt}})), Texts())
      << "an address that it does not have";
}

TEST(RankAddresses, WhatHostsHaveIsToldOnceEach) {
  const RankNetworks a{"a", {Interface("eth0", "10.1.0.1/24"), Interface("eth1", "fd00::1/64")}};
  EXPECT_EQ(TextOf({a, a, {"b", {}}}), "a has eth0 10.1.0.1/24, eth1 fd00::1/64; b has none");
}

TEST(RankAddresses, TheWayToTheLoopbackIsTheLoopback) {
  EXPECT_EQ(SourceTowards(*NetworkAddress::From("127.0.0.1")), NetworkAddress::From("127.0.0.1"));
  const RankNetworks mine{"a", {Interface("lo", "127.0.0.1/8")}};
  const WaysToFirst ways = WaysFrom(mine, {Interface("eth0", "127.0.0.2/8")});
  ASSERT_EQ(ways.size(), 1U);
  EXPECT_TRUE(ways.front().has_value());
  EXPECT_FALSE(WaysFrom({"a", {}}, {Interface("eth0", "127.0.0.2/8")}).front())
      << "it may not use it";
}

}  // namespace
}  // namespace fathom
