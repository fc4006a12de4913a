// The formulas of a plan against what they stand for: tables that are really filled, keys that are
// really counted, prices that are known. How near a plan comes to real runs is
// tests/bench/plan_accuracy.sh.
#include "launcher/plan/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include "common/net/frame.h"
#include "common/random.h"
#include "common/settings/config_file.h"
#include "launcher/plan/calibration.h"
#include "launcher/plan/data_sample.h"
#include "launcher/plan/distinct_counter.h"
#include "server/table/sparse_table.h"
#include "tests/support/expect_error.h"
#include "tests/support/scratch_dir.h"
#include "worker/data/generated_data.h"

namespace fathom {
namespace {

Config MakeConfig(const std::vector<std::string>& overrides = {}) {
  return ParseConfig(
      "[data]\nformat = \"generated\"\n[generated]\nexamples = 40000\nvalues = 3000\n"
      "[[column]]\nname = \"user\"\n[[column]]\nname = \"item\"\n[[column]]\nname = "
      "\"price\"\nkind = "
      "\"numeric\"\n[train]\nbatch_size = 1024\n[model]\nhidden = [32]\n",
      "plan.toml", "/", overrides);
}

struct Planned {
  explicit Planned(const std::vector<std::string>& overrides = {}, int ranks = 1)
      : config(MakeConfig(overrides)),
        spec(MakeModelSpec(config)),
        layout(MakeLayout(Hosts(ranks), config.cluster)),
        data(config, GeneratedData::Part::kTrain),
        part(SamplePart(data, config, spec, PartsOf(config, layout))),
        sample(SampleData(data, nullptr, config, spec, {10})) {
    part.batch_seconds = 1e-4;  // what was measured differs each time
  }

  static std::vector<std::string> Hosts(int ranks) {
    std::vector<std::string> hosts;
    for (int rank = 0; rank < ranks; ++rank) hosts.push_back("host" + std::to_string(rank % 2));
    return hosts;
  }

  Config config;
  ModelSpec spec;
  Layout layout;
  GeneratedData data;
  PartLoad part;
  DataSample sample;
  ClusterShape shape{.cores = 4, .base_bytes = 10 << 20};
};

// A price of one for the first count of every stage.
Prices SimplePrices() {
  const Planned planned;
  StepLoad load{.spec = &planned.spec, .part = planned.part};
  Prices prices;
  for (std::size_t s = 0; s < kPricedStages; ++s) {
    prices[s].assign(CountsOf(static_cast<PricedStage>(s), load).size(), 0.0);
    prices[s][0] = 1e-9;
  }
  return prices;
}

TEST(DistinctCounter, CountsToAPerCent) {
  for (const std::uint64_t distinct : {10, 1000, 100000, 3000000}) {
    DistinctCounter counter;
    for (std::uint64_t i = 0; i < 2 * distinct; ++i) counter.Add(i % distinct);
    EXPECT_NEAR(counter.Estimate(), static_cast<double>(distinct),
                0.015 * static_cast<double>(distinct))
        << distinct;
  }
}

TEST(DataSample, ABatchIsWhatTheWorkerWouldBuild) {
  const Planned planned;
  EXPECT_EQ(planned.part.examples, 1024);
  ASSERT_EQ(planned.part.tables.size(), 1U);
  EXPECT_EQ(planned.part.tables[0].occurrences, 2048);
  EXPECT_LT(planned.part.tables[0].keys, planned.part.tables[0].segments);
  EXPECT_GT(planned.part.tables[0].keys, 500);
  const Planned shared({"cluster.workers=4"});
  EXPECT_EQ(shared.part.examples, 256);
  EXPECT_GT(4 * shared.part.tables[0].keys, planned.part.tables[0].keys);
}

TEST(DataSample, RowsAreTheDistinctKeysOfAllExamples) {
  const Planned planned;
  std::set<Key> keys;
  ExampleScratch scratch;
  for (std::uint64_t e = 0; e < planned.data.examples(); ++e) {
    const ExampleView example = planned.data.Example(e, &scratch);
    keys.insert(example.keys[0]);
    keys.insert(example.keys[1]);
  }
  EXPECT_EQ(planned.sample.counted_examples, 40000U);
  EXPECT_NEAR(planned.sample.rows[0], static_cast<double>(keys.size()),
              0.01 * static_cast<double>(keys.size()));
}

// Nine of ten examples are not looked at: one log of values that are soon all met, one long-tailed.
TEST(DataSample, RowsAreExtrapolatedFromASample) {
  for (const char* skew : {"0", "1"}) {
    const Config config = MakeConfig({"generated.examples=4000000", "generated.values=1000000",
                                      std::string("generated.skew=") + skew});
    const ModelSpec spec = MakeModelSpec(config);
    const GeneratedData data(config, GeneratedData::Part::kTrain);
    const DataSample whole = SampleData(data, nullptr, config, spec, {1000});
    const DataSample part = SampleData(data, nullptr, config, spec, {1000, 400000});
    ASSERT_LT(part.counted_examples, data.examples() / 9);
    EXPECT_NEAR(part.rows[0] / whole.rows[0], 1, 0.25)
        << skew << ", from " << part.counted_examples;
  }
}

// From so short a look all draws are new, as if there were values without end.
TEST(DataSample, NoMoreRowsAreExtrapolatedThanThereAreValues) {
  const Config config =
      MakeConfig({"generated.examples=50000000", "generated.values=20000000", "generated.skew=0"});
  const GeneratedData data(config, GeneratedData::Part::kTrain);
  const DataSample sample =
      SampleData(data, nullptr, config, MakeModelSpec(config), {1000, 200000});
  EXPECT_EQ(sample.rows.at(0), 2 * 20000000.0);
}

// Its count is last among those of the forward and backward pass, and has a price of its own.
TEST(Plan, FmIsCounted) {
  const Planned without, with({"model.fm=true"});
  const auto counts = [](const Planned& planned) {
    return CountsOf(PricedStage::kCompute, {.spec = &planned.spec, .part = planned.part});
  };
  EXPECT_EQ(counts(without).back(), 0);
  EXPECT_EQ(counts(with).back(), 2048 * 16) << "occurrences times elements";
  const auto bytes = [](const Planned& planned) {
    return PlanMemory(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                      planned.shape)
        .TotalBytes();
  };
  const double scratch = 2.0 * 16 * sizeof(float) * 256;  // two arrays of a slice
  EXPECT_NEAR(bytes(with) - bytes(without), scratch * without.layout.workers, 1);
}

// fm would refuse the other dims that are tried.
TEST(Plan, TheLargestDimensionIsSoughtWithoutFm) {
  const auto largest = [](const Planned& planned) {
    return LargestDim(planned.config, planned.layout, planned.sample, planned.part, planned.shape,
                      1e12);
  };
  EXPECT_EQ(largest(Planned({"model.fm=true", "column.user.dim=16"})),
            largest(Planned({"column.user.dim=16"})));
}

TEST(Plan, ATablesBytesAreThoseOfAFilledTable) {
  const Config config = MakeConfig();
  for (const int dim : {0, 4, 16}) {
    const TableSpec spec{.name = "t", .wide = true, .dim = dim};
    for (const std::uint64_t rows : {30000, 200000, 1000000}) {
      SlabArena arena;
      SparseTable table(spec, config, 0, kPartitions, &arena);
      std::vector<float*> places(1000);
      for (std::uint64_t i = 0; i < rows; i += places.size()) {
        std::vector<Key> keys;
        for (std::size_t k = 0; k < places.size(); ++k) keys.push_back(Mix64(i + k));
        table.FindOrCreate(keys, 0, places.data());
      }
      const auto real = static_cast<double>(table.Statistics().allocated_bytes);
      EXPECT_NEAR(TableBytes(spec, static_cast<double>(rows), false) / real, 1, 0.03)
          << dim << ", " << rows;
    }
  }
}

TEST(Plan, MemoryIsSpreadOverTheServers) {
  const Planned alone, two({"cluster.servers=2"}, 4);
  const auto plan = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape);
  };
  const MemoryPlan one = plan(alone), spread = plan(two);
  ASSERT_EQ(one.processes.size(), 1U);
  EXPECT_EQ(one.processes[0].roles, "coordinator+server+worker");
  ASSERT_EQ(spread.processes.size(), 3U);
  EXPECT_EQ(spread.processes[1].roles, "server");
  EXPECT_EQ(spread.processes[1].processes, 2);
  EXPECT_NEAR(spread.row_bytes, one.row_bytes, 1e-6 * one.row_bytes);
  EXPECT_LT(spread.processes[1].bytes, one.processes[0].bytes);
}

TEST(Plan, TheAdmissionFilterIsSpreadOverTheServersToo) {
  const Planned without({"cluster.servers=2"}, 4);
  const Planned with(
      {"cluster.servers=2", "server.admission_count=2", "server.admission_filter=64MB"}, 4);
  const auto plan = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape);
  };
  EXPECT_NEAR(plan(with).row_bytes - plan(without).row_bytes, 64e6, 1);
  EXPECT_NEAR(plan(with).processes[1].bytes - plan(without).processes[1].bytes, 32e6, 1);
}

// What a server keeps in memory of its tables is the limit, where the rest lies on disk.
TEST(Plan, AColdTierHoldsTheRowsBeyondTheLimit) {
  const Planned free, cold({"server.memory_limit=100kB", "server.cold_tier=/disk"});
  const auto bytes = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape).TotalBytes();
  };
  const double tables = TableBytes(free.spec.tables[0], free.sample.rows[0], false);
  ASSERT_GT(tables, 300e3);
  EXPECT_NEAR(bytes(free) - bytes(cold), tables - 100e3, 1);
}

TEST(Plan, EachThreadOfAWorkerTakesMemory) {
  const Planned one, four({"cluster.threads=4"});
  const auto bytes = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape).TotalBytes();
  };
  const double activations = 4.0 * 3 * (32 + 1) * 256;  // of 256 examples
  EXPECT_NEAR(bytes(four) - bytes(one), 3 * (4.0 * one.spec.dense_floats + activations), 1);
}

TEST(Plan, ALimitLeavesItsShareOfTheRows) {
  const Planned planned({"server.memory_limit=10MB"});
  DataSample sample = planned.sample;
  sample.rows = {200000};
  KeepToLimit(planned.config, planned.spec, &sample);
  EXPECT_LT(sample.rows[0], 10e6 / 84);
  EXPECT_GT(sample.rows[0], 0.5 * 10e6 / 84);
  const Planned roomy({"server.memory_limit=1GB"});
  sample.rows = {100000};
  KeepToLimit(roomy.config, roomy.spec, &sample);
  EXPECT_EQ(sample.rows[0], 100000);
}

TEST(Plan, TheLargestDimensionFitsAndTheNextDoesNot) {
  const Planned planned;
  const double bytes = 40e6;
  const int dim = LargestDim(planned.config, planned.layout, planned.sample, planned.part,
                             planned.shape, bytes);
  ASSERT_GT(dim, 16);
  for (const int more : {0, 1}) {
    Config config = planned.config;
    config.model.embedding_dim = dim + more;
    const double total = PlanMemory(config, MakeModelSpec(config), planned.layout, planned.sample,
                                    planned.part, planned.shape)
                             .TotalBytes();
    EXPECT_EQ(total <= bytes, more == 0);
  }
  EXPECT_EQ(
      LargestDim(planned.config, planned.layout, planned.sample, planned.part, planned.shape, 1e6),
      0);
}

TEST(Plan, AThinNetworkIsTheBottleneck) {
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
TEST(Plan, GradientsAndRowsFollowOneAnotherOverTheNetwork) {
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
TEST(Plan, WhatStaysOnAHostDoesNotCrossTheCable) {
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
TEST(Plan, ThreadsTakeWholeSlices) {
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

TEST(Plan, SpeedDoesNotDependOnTheNumberOfEpochs) {
  const auto plan = [](const char* epochs) {
    const Planned planned({std::string("train.epochs=") + epochs});
    return PlanTime(planned.config, planned.spec, planned.layout, planned.sample, planned.part,
                    planned.shape, SimplePrices());
  };
  const TimePlan one = plan("1"), five = plan("5");
  EXPECT_NEAR(five.training_seconds / one.training_seconds, 5, 0.5);
  EXPECT_NEAR(five.examples_per_second / one.examples_per_second, 1, 0.1);
}

TEST(Plan, RowsInBfloat16AreHalfTheBytes) {
  const Planned whole, half({"train.row_format=bfloat16"});
  const auto traffic = [](const Planned& p) {
    return TrafficOf({.spec = &p.spec, .part = p.part});
  };
  const double dense = 4.0 * whole.spec.dense_floats + kFrameHeaderBytes;
  EXPECT_NEAR(traffic(half).received - dense, (traffic(whole).received - dense) / 2, 1e-6);
  EXPECT_EQ(traffic(half).asked, traffic(whole).asked) << "keys stay keys";
}

TEST(Plan, MoreThreadsAreFasterUntilTheProcessorsAreBusy) {
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

TEST(CostModel, PricesAreFoundAgain) {
  std::mt19937_64 random(1);
  const std::vector<double> prices = {2e-9, 0, 5e-8};
  std::vector<PriceSample> samples;
  for (int s = 0; s < 12; ++s) {
    PriceSample sample;
    for (const double price : prices) {
      sample.counts.push_back(static_cast<double>(1 + random() % 100000));
      sample.seconds += price * sample.counts.back();
    }
    samples.push_back(sample);
  }
  const auto found = FitPrices(samples);
  EXPECT_NEAR(found[0], prices[0], 1e-11);
  EXPECT_NEAR(found[1], 0, 1e-11);
  EXPECT_NEAR(found[2], prices[2], 1e-11);
}

// A price that would best be below nothing is nothing.
TEST(CostModel, NoPriceIsNegative) {
  const auto found = FitPrices({{.counts = {1, 2}, .seconds = 1e-6},
                                {.counts = {2, 3}, .seconds = 3e-6},
                                {.counts = {3, 5}, .seconds = 4e-6}});
  EXPECT_GT(found[0], 0);
  EXPECT_EQ(found[1], 0);
}

TEST(Calibration, IsReadAsItWasWrittenAndNotOnAnotherMachine) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "cache" / "calibration.json";
  EXPECT_FALSE(ReadCalibration(file));
  const Calibration mine{.machine = ThisMachine(), .prices = SimplePrices()};
  WriteCalibration(mine, file);
  ASSERT_TRUE(ReadCalibration(file));
  EXPECT_EQ(ReadCalibration(file)->prices, mine.prices);
  std::string damage;
  WriteCalibration({.machine = "another", .prices = SimplePrices()}, file);
  EXPECT_FALSE(ReadCalibration(file, &damage));
  EXPECT_EQ(damage, "") << "it is another machine's, and whole";
}

TEST(Calibration, WhatIsNoneIsTakenForNoneAndSaidToBe) {
  const testing::ScratchDir dir;
  const auto file = dir.path() / "calibration.json";
  Calibration negative{.machine = ThisMachine(), .prices = SimplePrices()};
  negative.prices[1][0] = -1;
  WriteCalibration(negative, file);
  const std::string with_negative = dir.Read("calibration.json");
  for (const std::string& text :
       {std::string("{\"machine\": "), std::string("{\"machine\": 5}"), std::string("[]"),
        std::string("{\"machine\": null}"), std::string(), std::string("\xFF\0\1", 3),
        "{\"machine\": \"" + ThisMachine() + "\"}", with_negative}) {
    dir.Write("calibration.json", text);
    std::string damage;
    EXPECT_FALSE(ReadCalibration(file, &damage)) << text;
    EXPECT_NE(damage, "") << text;
  }
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  std::string damage;
  EXPECT_FALSE(ReadCalibration(file, &damage));
  EXPECT_NE(damage, "");
  testing::ExpectError(ExitCode::kTraining, {"no plain file"},
                       [&] { WriteCalibration(negative, file); });
}

}  // namespace
}  // namespace fathom
