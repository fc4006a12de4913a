#include "launcher/run/run_transports.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <span>
#include <string>

#include "common/buffer.h"
#include "common/error.h"
#include "common/net/in_process_transport.h"
#include "common/process/descriptor_limit.h"
#include "common/tcp/tcp_transport.h"
#include "launcher/cluster/agreed_addresses.h"
#include "launcher/cluster/mpi_transport.h"

namespace fathom {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

// What a transport has open beside its connections: where it listens, and what wakes its thread.
constexpr std::size_t kDescriptorsOfATransport = 4;

// Files of the run, and strangers that knock.
constexpr std::size_t kOtherDescriptors = 32;

std::chrono::milliseconds TimeoutOf(const Config& config) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(config.cluster.timeout_seconds));
}

bool OneHost(const Layout& layout) {
  return std::all_of(layout.hosts.begin(), layout.hosts.end(),
                     [&](const std::string& host) { return host == layout.hosts.front(); });
}

Secret SharedSecret(MpiSession& mpi) {
  Secret secret{};
  if (mpi.rank() == 0) secret = RandomSecret();
  mpi.Broadcast(secret.bytes);
  return secret;
}

// Where each rank listens, at these addresses.
std::vector<TcpAddress> ExchangePorts(MpiSession& mpi, const std::vector<std::string>& hosts,
                                      std::uint16_t mine) {
  std::vector<TcpAddress> addresses;
  for (const auto& bytes : mpi.AllGather(BytesOf(mine))) {
    std::uint16_t port = 0;
    std::memcpy(&port, bytes.data(), sizeof(port));
    addresses.push_back({hosts[addresses.size()], port});
  }
  return addresses;
}

// The rank listens at one address alone.
std::unique_ptr<Transport> ConnectByTcp(const Config& config, const Layout& layout,
                                        MpiSession& mpi) {
  const auto ranks = static_cast<std::size_t>(mpi.ranks());
  AllowDescriptors(ranks + kDescriptorsOfATransport + kOtherDescriptors,
                   fmt::format("the connections with {} ranks need", ranks - 1));
  const std::vector<std::string> hosts = OneHost(layout)
                                             ? std::vector<std::string>(ranks, kLoopback)
                                             : AgreeOnAddresses(config.cluster.interface, mpi);
  auto transport = std::make_unique<TcpTransport>(layout, mpi.rank(), SharedSecret(mpi),
                                                  hosts[static_cast<std::size_t>(mpi.rank())],
                                                  TimeoutOf(config), config.cluster.tls);
  transport->Connect(ExchangePorts(mpi, hosts, transport->port()),
                     Clock::now() + TimeoutOf(config));
  return transport;
}

// One process for each role, all in this one: what `transport = "tcp"` means without mpirun.
Layout OneRankARole(const Layout& layout) {
  Layout spread = layout;
  spread.hosts.assign(layout.roles.size(), layout.hosts.front());
  for (Role& role : spread.roles) role.rank = role.id;
  return spread;
}

// Every role of this process behind a transport of its own, connected over the loopback.
std::vector<std::unique_ptr<Transport>> ConnectOverLoopback(const Config& config,
                                                            const Layout& spread) {
  const auto roles = static_cast<std::size_t>(spread.ranks());
  AllowDescriptors(roles * (roles - 1 + kDescriptorsOfATransport) + kOtherDescriptors,
                   fmt::format("cluster.transport = \"tcp\" in one process: the connections "
                               "between {} roles need",
                               roles));
  const Secret secret = RandomSecret();
  const auto timeout = TimeoutOf(config);
  std::vector<std::unique_ptr<TcpTransport>> made;
  std::vector<TcpAddress> addresses;
  for (int rank = 0; rank < spread.ranks(); ++rank) {
    made.push_back(std::make_unique<TcpTransport>(spread, rank, secret, kLoopback, timeout,
                                                  config.cluster.tls));
    addresses.push_back({kLoopback, made.back()->port()});
  }
  std::vector<std::future<void>> connecting;
  for (auto& transport : made) {
    connecting.push_back(std::async(std::launch::async, [&transport, &addresses, timeout] {
      transport->Connect(addresses, Clock::now() + timeout);
    }));
  }
  for (auto& one : connecting) one.wait();
  for (auto& one : connecting) one.get();
  return {std::make_move_iterator(made.begin()), std::make_move_iterator(made.end())};
}

RunTransports InOneProcess(const Config& config, const Layout& layout) {
  RunTransports here{.layout = layout, .roles = layout.roles, .transports = {}};
  switch (config.cluster.transport) {
    case TransportKind::kMpi:
      Fail(ExitCode::kUsage,
           "cluster.transport = \"mpi\" needs mpirun: one process has nobody to send to; use "
           "\"auto\", \"inprocess\" or \"tcp\"");
    case TransportKind::kTcp:
      here.layout = OneRankARole(layout);
      here.roles = here.layout.roles;
      here.transports = ConnectOverLoopback(config, here.layout);
      return here;
    case TransportKind::kAuto:
    case TransportKind::kInProcess:
      here.transports.push_back(
          std::make_unique<InProcessTransport>(static_cast<int>(layout.roles.size())));
  }
  return here;
}

RunTransports UnderMpirun(const Config& config, const Layout& layout, MpiSession& mpi) {
  RunTransports here{.layout = layout, .roles = RolesOf(layout, mpi.rank()), .transports = {}};
  switch (config.cluster.transport) {
    case TransportKind::kInProcess:
      Fail(ExitCode::kUsage,
           "cluster.transport = \"inprocess\" carries nothing between the {} ranks of this job: "
           "use \"tcp\" or \"auto\"",
           mpi.ranks());
    case TransportKind::kMpi:
      here.transports.push_back(
          std::make_unique<MpiTransport>(layout, mpi.rank(), TimeoutOf(config)));
      return here;
    case TransportKind::kAuto:
    case TransportKind::kTcp:
      here.transports.push_back(ConnectByTcp(config, layout, mpi));
  }
  return here;
}

}  // namespace

RunTransports ConnectRoles(const Config& config, const Layout& layout, MpiSession& mpi) {
  return mpi.ranks() == 1 ? InOneProcess(config, layout) : UnderMpirun(config, layout, mpi);
}

}  // namespace fathom
