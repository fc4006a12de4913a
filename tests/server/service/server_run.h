// One server in a thread of its own. The test speaks for its two workers and the coordinator.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "common/message/pull_message.h"
#include "common/net/in_process_transport.h"
#include "server/service/server.h"
#include "tests/server/simulated_step.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"

namespace fathom::testing {

constexpr std::uint64_t kServedSteps = 2;
constexpr std::uint32_t kSlices = 4;
constexpr std::size_t kDenseFloats = 32;
constexpr int kWorkers = 2;

inline ModelSpec ServedSpec() {
  ModelSpec spec;
  spec.tables = {{.name = "wide_deep3", .wide = true, .dim = 3, .row_wise = true}};
  spec.dense_floats = kDenseFloats;
  return spec;
}

inline Config ServedConfig(double timeout_seconds, std::int64_t checkpoint_steps = 0) {
  Config config;
  config.checkpoint.every_steps = checkpoint_steps;
  config.train.batch_size = kSlices * 8;
  config.train.slice_size = 8;
  config.cluster.servers = 1;
  config.cluster.workers = kWorkers;
  config.cluster.timeout_seconds = timeout_seconds;
  return config;
}

class ServerRun {
 public:
  explicit ServerRun(double timeout_seconds = 60, RunMode mode = RunMode::kTrain,
                     const std::filesystem::path& model_dir = {}, std::int64_t checkpoint_steps = 0)
      : config_(ServedConfig(timeout_seconds, checkpoint_steps)),
        layout_(MakeLayout({"node-a"}, config_.cluster)),
        transport_(static_cast<int>(layout_.roles.size())),
        context_{{{.mode = mode,
                   .model_dir = model_dir,
                   .save_dir = save_dir_.path(),
                   .checkpoint_dir = checkpoint_dir()},
                  config_,
                  spec_,
                  layout_,
                  mode == RunMode::kTrain ? kServedSteps * kSlices * 8 : 0,
                  10},
                 transport_},
        thread_([this] { Serve(); }) {}

  ~ServerRun() {
    if (thread_.joinable()) Stop();
  }

  RoleId Worker(int worker) const { return layout_.worker(worker); }
  const std::filesystem::path& save_dir() const { return save_dir_.path(); }
  std::filesystem::path checkpoint_dir() const { return save_dir_.path() / "checkpoints"; }

  void Send(FrameType type, RoleId from, std::uint64_t step, Buffer payload = {}) {
    transport_.Send({.type = type,
                     .source = from,
                     .destination = layout_.server(0),
                     .step = step,
                     .payload = std::move(payload)});
  }
  void Pull(const SimulatedStep& step, int worker, std::uint64_t version) {
    Send(FrameType::kPull, Worker(worker), version, step.Pull(worker, kWorkers, 0, 1));
  }
  void Push(const SimulatedStep& step, int worker, std::uint64_t number) {
    Send(FrameType::kPush, Worker(worker), number, step.Push(worker, kWorkers, 0, 1));
  }
  void PullToEvaluate(int worker, std::uint64_t version, const std::vector<Key>& keys) {
    Send(FrameType::kPull, Worker(worker), version,
         EncodePull({.will_push = false, .wants_dense = true, .keys = {keys}}));
  }

  // Waits for the answer; fails the test if none comes.
  Buffer Rows(int worker, std::uint64_t version) {
    auto frame = Next(Worker(worker));
    if (!frame) {
      ADD_FAILURE() << "no answer";
      return {};
    }
    EXPECT_EQ(frame->type, FrameType::kRows);
    EXPECT_EQ(frame->step, version);
    return std::move(frame->payload);
  }
  bool Answered(int worker) { return HasFrame(Worker(worker)); }
  bool HasFrame(RoleId role) { return transport_.mailbox(role).Take(Clock::now()).has_value(); }
  std::optional<Frame> Saved() { return Next(0); }

  // A whole step; `last` is the worker whose push comes last.
  void TakeStep(const SimulatedStep& step, std::uint64_t number, int last = 1) {
    for (int w = 0; w < kWorkers; ++w) Pull(step, w, number);
    for (int w = 0; w < kWorkers; ++w) Rows(w, number);
    Push(step, 1 - last, number);
    Push(step, last, number);
  }

  // Ends the server in order, or rethrows what it threw.
  void Stop() {
    Send(FrameType::kStop, 0, 0);
    Join();
  }
  void Join() {
    thread_.join();
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  }
  // A server that does not fail is stopped after a while.
  void ExpectFailure(ExitCode code, std::initializer_list<const char*> words) {
    const Deadline deadline = Clock::now() + std::chrono::seconds(20);
    while (!ended_ && Clock::now() < deadline)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!ended_) Send(FrameType::kStop, 0, 0);
    ExpectError(code, words, [this] { Join(); });
  }

 private:
  void Serve() {
    try {
      Server(context_, 0).Run();
    } catch (...) {
      failure_ = std::current_exception();
    }
    ended_ = true;
  }

  // The next frame but for those that only say that the server is alive.
  std::optional<Frame> Next(RoleId role) {
    for (;;) {
      auto frame = transport_.mailbox(role).Take(Clock::now() + std::chrono::seconds(10));
      if (!frame || frame->type != FrameType::kAlive) return frame;
    }
  }

  ScratchDir save_dir_;
  Config config_;
  ModelSpec spec_ = ServedSpec();
  Layout layout_;
  InProcessTransport transport_;
  RunContext context_;
  std::exception_ptr failure_;
  std::atomic<bool> ended_{false};
  std::thread thread_;
};

// Steps of its workers, and the keys that they name.
class ServerFixture : public ::testing::Test {
 protected:
  SimulatedStep step_{ServedSpec().tables, kDenseFloats, kSlices, 1};
  std::vector<Key> keys_ = step_.Keys(0, 1, 0, 1)[0];
};

}  // namespace fathom::testing
