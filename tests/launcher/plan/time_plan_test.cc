// The planned time and traffic, at prices that are known. How near a plan comes to real runs is
// tests/bench/plan_accuracy.sh.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "common/net/frame.h"
#include "tests/launcher/plan/planned_run.h"

namespace fathom {
namespace {

using testing::Planned;
using testing::SimplePrices;

TEST(TimePlan, AThinNetworkIsTheBottleneck) {
  Planned planned({"cluster.servers=1"}, 4);
  const auto plan = [&] {
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, SimplePrices());
  };
  planned.shape.network_bytes_per_second = 1e12;
  const TimePlan thick = plan();
  planned.shape.network_bytes_per_second = 1e6;
  const TimePlan thin = plan();
  EXPECT_GT(thin.step_seconds, 10 * thick.step_seconds);
  EXPECT_EQ(thin.bottleneck, "servers and the way to them");
  EXPECT_NEAR(thin.training_seconds * thin.examples_per_second, 40000, 1e-3);
}

// One server on a host of its own, the workers on another: what the cable must carry for an example
// is all that its worker sends and receives, one after the other, however many workers there are.
TEST(TimePlan, GradientsAndRowsFollowOneAnotherOverTheNetwork) {
  constexpr double kSpeed = 1e5;
  for (const int workers : {1, 2, 4}) {
    for (const char* consistency : {"sync", "async"}) {
      Planned planned({"cluster.servers=1", "generated.examples=40960",
                       std::string("train.consistency=") + consistency});
      std::vector<std::string> hosts = {"a", "a"};
      hosts.insert(hosts.end(), static_cast<std::size_t>(workers), "b");
      planned.layout = MakeLayout(hosts, planned.config.cluster);
      ASSERT_EQ(planned.layout.workers, workers);
      planned.part = SamplePart(planned.data, planned.config, planned.spec,
                                PartsOf(planned.config, planned.layout));
      planned.shape.network_bytes_per_second = kSpeed;
      const TimePlan plan = PlanTime(planned.config, planned.spec, planned.layout, planned.sample,
                                     planned.part, planned.shape, SimplePrices());
      const Traffic traffic = TrafficOf({.spec = &planned.spec, .part = planned.part});
      const double bytes =
          (traffic.sent - traffic.asked + traffic.received) / planned.part.examples;
      EXPECT_NEAR(plan.examples_per_second * bytes / kSpeed, 1, 0.02)
          << workers << ", " << consistency;
    }
  }
}

// A server and a worker on each of two hosts: half of what each worker says stays on its host.
TEST(TimePlan, WhatStaysOnAHostDoesNotCrossTheCable) {
  constexpr double kSpeed = 1e4;
  const auto step_seconds = [&](const std::vector<std::string>& hosts) {
    Planned planned({"cluster.servers=2"});
    planned.layout = MakeLayout(hosts, planned.config.cluster);
    EXPECT_EQ(planned.layout.workers, 2);
    planned.part = SamplePart(planned.data, planned.config, planned.spec, 2);
    planned.shape.network_bytes_per_second = kSpeed;
    StepLoad load{.spec = &planned.spec, .part = planned.part, .workers = 2, .servers = 2};
    const Traffic traffic = TrafficOf(load);
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, SimplePrices())
               .step_seconds *
           kSpeed / (traffic.sent - traffic.asked + traffic.received);
  };
  EXPECT_NEAR(step_seconds({"a", "a", "b", "a", "b"}), 0.5, 0.02);
  EXPECT_NEAR(step_seconds({"c", "a", "a", "b", "b"}), 0.5, 0.02);
  EXPECT_NEAR(step_seconds({"a", "a", "a", "a", "a"}), 0, 0.02) << "nothing crosses it";
}

// Four slices by three threads take as long as two, one after the other.
TEST(TimePlan, ThreadsTakeWholeSlices) {
  const auto speed = [](int threads) {
    Planned planned({"cluster.threads=" + std::to_string(threads)});
    planned.shape.cores = 64;
    Prices prices = SimplePrices();
    prices[0][0] = 1e-6;
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, prices)
        .examples_per_second;
  };
  EXPECT_NEAR(speed(3) / speed(2), 1, 0.01);
  EXPECT_NEAR(speed(4) / speed(1), 4, 0.1);
}

TEST(TimePlan, SpeedDoesNotDependOnTheNumberOfEpochs) {
  const auto plan = [](const char* epochs) {
    const Planned planned({std::string("train.epochs=") + epochs});
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, SimplePrices());
  };
  const TimePlan one = plan("1"), five = plan("5");
  EXPECT_NEAR(five.training_seconds / one.training_seconds, 5, 0.5);
  EXPECT_NEAR(five.examples_per_second / one.examples_per_second, 1, 0.1);
}

TEST(TimePlan, RowsInBfloat16AreHalfTheBytes) {
  const Planned whole, half({"train.row_format=bfloat16"});
  const auto traffic = [](const Planned& p) {
    return TrafficOf({.spec = &p.spec, .part = p.part});
  };
  const double dense = 4.0 * whole.spec.dense_floats + kFrameHeaderBytes;
  EXPECT_NEAR(traffic(half).received - dense, (traffic(whole).received - dense) / 2, 1e-6);
  EXPECT_EQ(traffic(half).asked, traffic(whole).asked) << "keys stay keys";
}

TEST(TimePlan, MoreThreadsAreFasterUntilTheProcessorsAreBusy) {
  const auto speed = [](int threads, int cores) {
    Planned planned({"cluster.threads=" + std::to_string(threads)});
    planned.shape.cores = cores;
    Prices prices = SimplePrices();
    prices[0][0] = 1e-6;  // compute is all that counts
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, prices)
        .examples_per_second;
  };
  EXPECT_NEAR(speed(2, 8) / speed(1, 8), 2, 0.05);
  EXPECT_NEAR(speed(4, 2) / speed(1, 2), 2, 0.05);
}

}  // namespace
}  // namespace fathom
