#include "launcher/run/run.h"

#include <cstring>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "common/error.h"
#include "common/net/in_process_transport.h"
#include "common/net/tcp_transport.h"
#include "common/run_log.h"
#include "launcher/cluster/local_address.h"
#include "launcher/cluster/mpi_transport.h"
#include "launcher/coordinator/process_memory.h"
#include "launcher/run/role_threads.h"

namespace fathom {
namespace {

constexpr const char* kLoopback = "127.0.0.1";

// What a rank tells the others so that they can connect to it.
struct RankAddress {
  char host[256];
  std::uint16_t port;
};

bool OneHost(const Layout& layout) {
  for (const std::string& host : layout.hosts) {
    if (host != layout.hosts.front()) return false;
  }
  return true;
}

// One process for each role, all in this one: what `transport = "tcp"` means without mpirun.
Layout OneRankARole(const Layout& layout) {
  Layout spread = layout;
  spread.hosts.assign(layout.roles.size(), layout.hosts.front());
  for (Role& role : spread.roles) role.rank = role.id;
  return spread;
}

CoordinatorResult PlayInProcess(const RunContext& context, RoleInputs inputs) {
  return PlayRoles(
      context, context.layout.roles, [&](const Role&) -> Transport& { return context.transport; },
      std::move(inputs));
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

// Every role of this process behind a TCP transport of its own, connected over the loopback.
class LoopbackCluster {
 public:
  LoopbackCluster(const Layout& layout, double timeout_seconds, bool tls) {
    const Secret secret = RandomSecret();
    const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::duration<double>(timeout_seconds));
    std::vector<TcpAddress> addresses;
    for (int rank = 0; rank < layout.ranks(); ++rank) {
      transports_.push_back(
          std::make_unique<TcpTransport>(layout, rank, secret, kLoopback, timeout, tls));
      addresses.push_back({kLoopback, transports_.back()->port()});
    }
    std::vector<std::future<void>> connecting;
    for (auto& transport : transports_) {
      connecting.push_back(std::async(std::launch::async, [&transport, &addresses, timeout] {
        transport->Connect(addresses, Clock::now() + timeout);
      }));
    }
    for (auto& one : connecting) one.wait();
    for (auto& one : connecting) one.get();
  }

  Transport& of(const Role& role) { return *transports_[role.id]; }

 private:
  std::vector<std::unique_ptr<TcpTransport>> transports_;
};

}  // namespace

Layout PlanLayout(const Config& config, MpiSession& mpi) {
  mpi.SetTimeout(config.cluster.timeout_seconds);
  Layout layout = MakeLayout(mpi.hosts(), config.cluster);
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    std::string names;
    for (const Role& role : RolesOf(layout, rank))
      names += (names.empty() ? "" : ", ") + RoleName(role);
    LogInfo("rank {} on {}: {}", rank, layout.hosts[static_cast<std::size_t>(rank)], names);
  }
  return layout;
}

CoordinatorResult ExecuteRun(const Config& config, const ModelSpec& spec, const Layout& layout,
                             MpiSession& mpi, RunRequest request) {
  const ExampleSource* const train = request.data.train.get();
  const ExampleSource* const evaluation = request.data.evaluation.get();
  RoleInputs inputs{
      .train = train, .evaluation = evaluation, .coordinator = std::move(request.coordinator)};
  const auto context_on = [&](const Layout& on, Transport& transport) {
    return RunContext{.config = config,
                      .spec = spec,
                      .layout = on,
                      .transport = transport,
                      .mode = request.mode,
                      .train_examples = train ? train->examples() : 0,
                      .evaluation_examples = evaluation ? evaluation->examples() : 0,
                      .model_dir = request.model_dir,
                      .save_dir = request.save_dir,
                      .checkpoint_dir = request.checkpoint_dir,
                      .start = request.start,
                      .start_step = request.start_step,
                      .stages = request.stages};
  };
  const bool alone = mpi.ranks() == 1;
  if (alone && config.cluster.transport == TransportKind::kTcp) {
    const Layout spread = OneRankARole(layout);
    LoopbackCluster cluster(spread, config.cluster.timeout_seconds, config.cluster.tls);
    return PlayRoles(
        context_on(spread, cluster.of(spread.roles.front())), spread.roles,
        [&](const Role& role) -> Transport& { return cluster.of(role); }, std::move(inputs));
  }
  if (alone && config.cluster.transport == TransportKind::kMpi) {
    Fail(ExitCode::kUsage,
         "cluster.transport = \"mpi\" needs mpirun: one process has nobody to send to; use "
         "\"auto\", \"inprocess\" or \"tcp\"");
  }
  if (alone) {
    InProcessTransport transport(static_cast<int>(layout.roles.size()));
    return PlayInProcess(context_on(layout, transport), std::move(inputs));
  }
  if (config.cluster.transport == TransportKind::kInProcess) {
    Fail(ExitCode::kUsage,
         "cluster.transport = \"inprocess\" carries nothing between the {} ranks of this job: "
         "use \"tcp\" or \"auto\"",
         mpi.ranks());
  }
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::duration<double>(config.cluster.timeout_seconds));
  if (config.cluster.transport == TransportKind::kMpi) {
    MpiTransport transport(layout, mpi.rank(), timeout);
    return PlayRoles(
        context_on(layout, transport), RolesOf(layout, mpi.rank()),
        [&](const Role&) -> Transport& { return transport; }, std::move(inputs));
  }
  // The rank listens on this interface alone.
  const std::string address = OneHost(layout) ? kLoopback : LocalAddress(config.cluster.interface);
  TcpTransport transport(layout, mpi.rank(), SharedSecret(mpi), address, timeout,
                         config.cluster.tls);
  transport.Connect(ExchangeAddresses(mpi, transport.port(), address), Clock::now() + timeout);
  return PlayRoles(
      context_on(layout, transport), RolesOf(layout, mpi.rank()),
      [&](const Role&) -> Transport& { return transport; }, std::move(inputs));
}

std::vector<ProcessPeak> PeakResidentBytes(const Layout& layout, MpiSession& mpi) {
  const std::uint64_t mine = PeakMemory();
  std::vector<ProcessPeak> peaks;
  for (const auto& bytes : mpi.AllGather(std::as_bytes(std::span(&mine, 1)))) {
    std::uint64_t one;
    std::memcpy(&one, bytes.data(), sizeof(one));
    peaks.push_back({KindsOf(layout, static_cast<int>(peaks.size())), one});
  }
  return peaks;
}

}  // namespace fathom
