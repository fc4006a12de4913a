#include "launcher/cluster/local_address.h"

#include <gtest/gtest.h>

#include "launcher/cluster/host_name.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;
using Texts = std::vector<std::string>;

InterfaceAddress At(const std::string& interface, const std::string& network,
                    bool default_route = false) {
  return {interface, *Network::From(network), default_route};
}

// The bridge of containers comes first.
const std::vector<InterfaceAddress> kAddresses = {
    At("docker0", "172.17.0.1/16"), At("ens3", "fd00::7/64", true), At("ens3", "10.0.3.7/16", true),
    At("ib0", "192.168.200.7/24")};

Texts ChosenTexts(const std::string& choice) {
  Texts texts;
  for (const InterfaceAddress& one : Chosen(kAddresses, choice))
    texts.push_back(one.address().Text());
  return texts;
}

TEST(LocalAddress, WithoutAChoiceThoseOfTheDefaultRouteComeFirst) {
  EXPECT_EQ(ChosenTexts(""), (Texts{"10.0.3.7", "fd00::7", "172.17.0.1", "192.168.200.7"}));
  EXPECT_EQ(ChosenTexts(" , "), ChosenTexts(""));
}

TEST(LocalAddress, InterfacesByNameOrByTheirNetworks) {
  EXPECT_EQ(ChosenTexts("ib0"), (Texts{"192.168.200.7"}));
  EXPECT_EQ(ChosenTexts("192.168.0.0/16"), (Texts{"192.168.200.7"}));
  EXPECT_EQ(ChosenTexts("10.0.3.7/32"), (Texts{"10.0.3.7"}));
  EXPECT_EQ(ChosenTexts("fd00::/8"), (Texts{"fd00::7"}));
  EXPECT_EQ(ChosenTexts("eth0, ib0,10.0.0.0/8"), (Texts{"192.168.200.7", "10.0.3.7"}));
  EXPECT_EQ(ChosenTexts("ens3"), (Texts{"fd00::7", "10.0.3.7"}));
}

TEST(LocalAddress, OneThatIsNotThereIsSaidWithWhatIs) {
  for (const char* choice :
       {"eth7", "11.0.0.0/8", "10.0.0.0/33", "10.0.0/8", "/", "fe00::/16", "fd00::/129"})
    ExpectError(ExitCode::kUsage,
                {choice, "docker0 172.17.0.1/16, ens3 fd00::7/64, ens3 10.0.3.7/16", "10.0.0.0/16"},
                [&] { Chosen(kAddresses, choice); });
  ExpectError(ExitCode::kUsage, {"there are: none"}, [] { Chosen({}, ""); });
}

TEST(LocalAddress, TheDefaultRouteIsTheOneToEverywhere) {
  const std::string header = "Iface\tDestination\tGateway\tFlags\n";
  EXPECT_EQ(
      DefaultRouteInterface(header + "docker0\t000011AC\t0\t1\nens3\t00000000\t0103000A\t3\n"),
      "ens3");
  EXPECT_EQ(DefaultRouteInterface(header + "docker0\t000011AC\t0\t1\n"), "");
  EXPECT_EQ(DefaultRouteInterface(""), "");
}

TEST(LocalAddress, TheDefaultRouteOfIPv6) {
  const std::string zeros(32, '0'), other = "fd00" + std::string(28, '0');
  const std::string rest = " " + zeros + " 00 " + zeros + " 00000100 00000001 00000000 00000003 ";
  const std::string loopback =
      zeros + " 00 " + zeros + " 00 " + zeros + " ffffffff 00000001 00000000 00200200       lo\n";
  EXPECT_EQ(DefaultRouteInterface6(other + " 40" + rest + "     eth1\n" + zeros + " 00" + rest +
                                   "     eth0\n" + loopback),
            "eth0");
  EXPECT_EQ(DefaultRouteInterface6(other + " 40" + rest + "     eth1\n" + loopback), "");
  EXPECT_EQ(DefaultRouteInterface6("short\n"), "");
}

TEST(LocalAddress, NetworksHoldWhatSharesTheirFirstBits) {
  const auto holds = [](const char* network, const char* address) {
    return Network::From(network)->Holds(*NetworkAddress::From(address));
  };
  EXPECT_TRUE(holds("10.1.2.3/9", "10.127.0.1"));
  EXPECT_FALSE(holds("10.1.2.3/9", "10.128.0.1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "192.168.1.1"));
  EXPECT_FALSE(holds("0.0.0.0/0", "fd00::1"));
  EXPECT_TRUE(holds("fd00:1::/31", "fd00::5"));
  EXPECT_FALSE(holds("fd00:1::/32", "fd00::5"));
}

// Two hosts, or containers, of one name.
TEST(HostNames, HostsOfOneNameAreToldApart) {
  EXPECT_EQ(DistinctHostNames({{"a", "1"}, {"a", "1"}, {"b", "2"}}),
            (std::vector<std::string>{"a", "a", "b"}));
  EXPECT_EQ(DistinctHostNames({{"node", "1"}, {"node", "2"}, {"node", "1"}, {"node", "3"}}),
            (std::vector<std::string>{"node", "node (2)", "node", "node (3)"}));
}

}  // namespace
}  // namespace fathom
