#include "launcher/run/run_transports.h"

#include <algorithm>
#include <cstring>
#include <future>
#include <span>
#include <string>

#include "common/error.h"
#include "common/net/in_process_transport.h"
#include "common/tcp/tcp_transport.h"
#include "launcher/cluster/local_address.h"
#include "launcher/cluster/mpi_transport.h"

namespace fathom {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

// What a rank tells the others so that they can connect to it.
struct RankAddress {
  char host[256];
  std::uint16_t port;
};

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

std::vector<TcpAddress> ExchangeAddresses(MpiSession& mpi, std::uint16_t port,
                                          const std::string& name) {
  RankAddress mine{};
  std::strncpy(mine.host, name.c_str(), sizeof(mine.host) - 1);
  mine.port = port;
  std::vector<TcpAddress> addresses;
  for (const auto& bytes : mpi.AllGather(std::as_bytes(std::span(&mine, 1)))) {
    RankAddress address;
    std::memcpy(&address, bytes.data(), sizeof(address));
    address.host[sizeof(address.host) - 1] = 0;
    addresses.push_back({address.host, address.port});
  }
  return addresses;
}

// The rank listens on this interface alone.
std::unique_ptr<Transport> ConnectByTcp(const Config& config, const Layout& layout,
                                        MpiSession& mpi) {
  const std::string address = OneHost(layout) ? kLoopback : LocalAddress(config.cluster.interface);
  auto transport = std::make_unique<TcpTransport>(layout, mpi.rank(), SharedSecret(mpi), address,
                                                  TimeoutOf(config), config.cluster.tls);
  transport->Connect(ExchangeAddresses(mpi, transport->port(), address),
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
