// A frame's way to another role and back: in one process, and over TCP on this machine.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "common/net/in_process_transport.h"
#include "common/tcp/handshake.h"
#include "common/tcp/tcp_transport.h"

namespace fathom {
namespace {

constexpr RoleId kServer = 1, kWorker = 2;
constexpr const char* kLoopback = "127.0.0.1";
constexpr auto kPatience = std::chrono::seconds(60);

Deadline Patiently() { return Clock::now() + kPatience; }

// Sends each frame back to where it came from, until told to stop. It ends before the transport.
class Echo {
 public:
  explicit Echo(Transport& transport) : thread_([&transport] { Answer(transport); }) {}
  ~Echo() { thread_.join(); }

 private:
  static void Answer(Transport& transport) {
    for (;;) {
      auto frame = transport.mailbox(kServer).Take(Patiently());
      if (!frame || frame->type != FrameType::kPush) return;
      frame->type = FrameType::kRows;
      std::swap(frame->source, frame->destination);
      transport.Send(std::move(*frame));
    }
  }

  std::thread thread_;
};

// Of `state.range(0)` bytes; the payload that came back is sent again.
void RoundTrips(benchmark::State& state, Transport& at_server, Transport& at_worker) {
  const auto bytes = static_cast<std::size_t>(state.range(0));
  const Echo echo(at_server);
  Buffer payload(bytes);
  std::memset(payload.data(), 1, bytes);
  for (auto _ : state) {
    at_worker.Send({.type = FrameType::kPush,
                    .source = kWorker,
                    .destination = kServer,
                    .payload = std::move(payload)});
    auto answer = at_worker.mailbox(kWorker).Take(Patiently());
    if (!answer || answer->type != FrameType::kRows) {
      state.SkipWithError("no answer");
      break;
    }
    payload = std::move(answer->payload);
  }
  at_worker.Send({.type = FrameType::kStop, .source = kWorker, .destination = kServer});
  state.SetItemsProcessed(state.iterations());
}

// A payload is handed over and not touched, so its size should make no difference.
void InProcess(benchmark::State& state) {
  InProcessTransport transport(3);
  RoundTrips(state, transport, transport);
}
BENCHMARK(InProcess)->Arg(64)->Arg(1 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);

// Rank 0 coordinates and serves, rank 1 works.
Layout TwoRanks() {
  return {.roles = {{0, RoleKind::kCoordinator, 0, 0},
                    {kServer, RoleKind::kServer, 0, 0},
                    {kWorker, RoleKind::kWorker, 0, 1}},
          .hosts = {"here", "here"},
          .servers = 1,
          .workers = 1};
}

void Tcp(benchmark::State& state) {
  const Layout layout = TwoRanks();
  const Secret secret = RandomSecret();
  TcpTransport first(layout, 0, secret, kLoopback, kPatience);
  TcpTransport second(layout, 1, secret, kLoopback, kPatience);
  const std::vector<TcpAddress> addresses = {{kLoopback, first.port()}, {kLoopback, second.port()}};
  std::thread connecting([&] { first.Connect(addresses, Patiently()); });
  second.Connect(addresses, Patiently());
  connecting.join();
  RoundTrips(state, first, second);
  state.SetBytesProcessed(2 * state.iterations() * state.range(0));
}
BENCHMARK(Tcp)->Arg(64)->Arg(1 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fathom
