#include "launcher/cluster/local_address.h"

#include <gtest/gtest.h>

#include "launcher/cluster/host_name.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

using testing::ExpectError;

constexpr std::uint32_t Address(std::uint32_t a, std::uint32_t b, std::uint32_t c,
                                std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

// The bridge of containers comes first.
const std::vector<InterfaceAddress> kAddresses = {{"docker0", Address(172, 17, 0, 1)},
                                                  {"ens3", Address(10, 0, 3, 7)},
                                                  {"ib0", Address(192, 168, 200, 7)}};

TEST(LocalAddress, WithoutAChoiceItIsThatOfTheDefaultRoute) {
  EXPECT_EQ(ChooseAddress(kAddresses, "", "ens3"), "10.0.3.7");
  EXPECT_EQ(ChooseAddress(kAddresses, "", ""), "172.17.0.1");
  EXPECT_EQ(ChooseAddress(kAddresses, "", "wlan0"), "172.17.0.1");
}

TEST(LocalAddress, AnInterfaceByNameOrByItsNetwork) {
  EXPECT_EQ(ChooseAddress(kAddresses, "ib0", "ens3"), "192.168.200.7");
  EXPECT_EQ(ChooseAddress(kAddresses, "192.168.0.0/16", "ens3"), "192.168.200.7");
  EXPECT_EQ(ChooseAddress(kAddresses, "10.0.3.7/32", ""), "10.0.3.7");
  EXPECT_EQ(ChooseAddress(kAddresses, "0.0.0.0/0", ""), "172.17.0.1");
}

TEST(LocalAddress, OneThatIsNotThereIsSaidWithWhatIs) {
  for (const char* choice : {"eth7", "11.0.0.0/8", "10.0.0.0/33", "10.0.0/8", "/"})
    ExpectError(ExitCode::kUsage, {choice, "docker0 172.17.0.1, ens3 10.0.3.7", "10.0.0.0/16"},
                [&] { ChooseAddress(kAddresses, choice, "ens3"); });
  ExpectError(ExitCode::kUsage, {"there are: none", "IPv6"}, [] { ChooseAddress({}, "", ""); });
}

TEST(LocalAddress, TheDefaultRouteIsTheOneToEverywhere) {
  const std::string header = "Iface\tDestination\tGateway\tFlags\n";
  EXPECT_EQ(
      DefaultRouteInterface(header + "docker0\t000011AC\t0\t1\nens3\t00000000\t0103000A\t3\n"),
      "ens3");
  EXPECT_EQ(DefaultRouteInterface(header + "docker0\t000011AC\t0\t1\n"), "");
  EXPECT_EQ(DefaultRouteInterface(""), "");
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
