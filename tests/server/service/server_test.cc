#include "server/service/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "common/message/push_message.h"
#include "common/message/save_request.h"
#include "common/message/saved_message.h"
#include "common/model/dense_file.h"
#include "server/shard/shard.h"
#include "tests/server/service/server_run.h"

namespace fathom {
namespace {

using testing::kDenseFloats;
using testing::kServedSteps;
using testing::kSlices;
using testing::kWorkers;
using testing::ServedConfig;
using testing::ServedSpec;
using testing::ServerRun;

class ServerTest : public testing::ServerFixture {};

TEST_F(ServerTest, StopsWhenToldTo) {
  ServerRun run;
  EXPECT_NO_THROW(run.Stop());
}

TEST_F(ServerTest, AnswersAsItsShardWould) {
  ServerRun run;
  const ModelSpec spec = ServedSpec();
  const Config config = ServedConfig(60);
  Shard shard(config, spec, 0, 1);
  const auto expected = [&] {
    Buffer payload = EncodePull({.will_push = false, .wants_dense = true, .keys = {keys_}});
    PullMessage message = DecodePull(payload.bytes(), 1, 0, 1);
    return shard.EncodeRows(shard.Find(std::move(payload), std::move(message)));
  };
  for (std::uint64_t version = 0;; ++version) {
    run.PullToEvaluate(0, version, keys_);
    EXPECT_TRUE(std::ranges::equal(run.Rows(0, version).bytes(), expected().bytes())) << version;
    if (version == kServedSteps) break;
    run.TakeStep(step_, version, version % 2 == 0 ? 0 : 1);
    // The same step by one worker.
    Buffer pull = step_.Pull(0, 1, 0, 1);
    PullMessage pull_message = DecodePull(pull.bytes(), 1, 0, 1);
    std::vector<WorkerGradients> gradients(1);
    gradients[0].pull = shard.Find(std::move(pull), std::move(pull_message));
    gradients[0].payload = step_.Push(0, 1, 0, 1);
    gradients[0].message = DecodePush(gradients[0].payload.bytes(), spec.tables,
                                      std::vector<std::size_t>{keys_.size()}, kDenseFloats);
    shard.Update(Schedule(config, kServedSteps * kSlices * 8).Plan(version), gradients);
  }
}

TEST_F(ServerTest, EarlyPullsWaitForTheirVersion) {
  ServerRun run;
  for (int w = 0; w < kWorkers; ++w) run.Pull(step_, w, 0);
  for (int w = 0; w < kWorkers; ++w) run.Rows(w, 0);
  run.Push(step_, 0, 0);
  run.Pull(step_, 0, 1);
  run.PullToEvaluate(0, 1, keys_);
  run.PullToEvaluate(1, 0, keys_);
  run.Rows(1, 0);  // so the server has seen the early pulls
  EXPECT_FALSE(run.Answered(0));
  run.Push(step_, 1, 0);
  run.Rows(0, 1);
  const Buffer early = run.Rows(0, 1);
  run.PullToEvaluate(1, 1, keys_);
  EXPECT_TRUE(std::ranges::equal(early.bytes(), run.Rows(1, 1).bytes()));
}

TEST_F(ServerTest, EvaluationPullsCreateNoRows) {
  ServerRun run;
  for (int i = 0; i < 3; ++i) run.PullToEvaluate(i % 2, 0, keys_);
  run.Rows(0, 0);
  run.Rows(1, 0);
  run.Rows(0, 0);
  CreateDense(run.save_dir(), kDenseFloats, 1);
  run.Send(FrameType::kSave, 0, 0, EncodeSave({}));
  const auto saved = run.Saved();
  ASSERT_TRUE(saved);
  EXPECT_EQ(DecodeSaved(saved->payload.bytes()).tables.at(0).rows, 0U);
}

TEST_F(ServerTest, WorkerWithoutSlicesTakesPartWithEmptyMessages) {
  const SimulatedStep one_slice(ServedSpec().tables, kDenseFloats, 1, 2);
  EXPECT_TRUE(one_slice.Keys(0, kWorkers, 0, 1)[0].empty());
  Config config = ServedConfig(60);
  config.train.batch_size = 8;
  const Layout layout = MakeLayout({"node-a"}, config.cluster);
  const ModelSpec spec = ServedSpec();
  InProcessTransport transport(static_cast<int>(layout.roles.size()));
  const RunContext context{{{}, config, spec, layout, 8}, transport};
  const auto send = [&](FrameType type, RoleId from, Buffer payload) {
    transport.Send({.type = type,
                    .source = from,
                    .destination = layout.server(0),
                    .step = 0,
                    .payload = std::move(payload)});
  };
  for (int w = 0; w < kWorkers; ++w) {
    send(FrameType::kPull, layout.worker(w), one_slice.Pull(w, kWorkers, 0, 1));
    send(FrameType::kPush, layout.worker(w), one_slice.Push(w, kWorkers, 0, 1));
  }
  send(FrameType::kPeerLost, layout.worker(0), {});  // no failure, for the only step is in
  send(FrameType::kStop, 0, {});
  EXPECT_NO_THROW(Server(context, 0).Run());
}

}  // namespace
}  // namespace fathom
