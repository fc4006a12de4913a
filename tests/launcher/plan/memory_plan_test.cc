// The planned memory against what it stands for: tables that are really filled, limits, threads.
// How near a plan comes to real runs is tests/bench/plan_accuracy.sh.
#include <gtest/gtest.h>

#include <vector>

#include "common/random.h"
#include "server/table/sparse_table.h"
#include "tests/launcher/plan/planned_run.h"

namespace fathom {
namespace {

using testing::Planned;
using testing::PlannedConfig;

// Its count is last among those of the forward and backward pass, and has a price of its own.
TEST(MemoryPlan, FmIsCounted) {
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
TEST(MemoryPlan, TheLargestDimensionIsSoughtWithoutFm) {
  const auto largest = [](const Planned& planned) {
    return LargestDim(planned.config, planned.layout, planned.sample, planned.part, planned.shape,
                      1e12);
  };
  EXPECT_EQ(largest(Planned({"model.fm=true", "column.user.dim=16"})),
            largest(Planned({"column.user.dim=16"})));
}

TEST(MemoryPlan, ATablesBytesAreThoseOfAFilledTable) {
  const Config config = PlannedConfig();
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

TEST(MemoryPlan, MemoryIsSpreadOverTheServers) {
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

TEST(MemoryPlan, TheAdmissionFilterIsSpreadOverTheServersToo) {
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
TEST(MemoryPlan, AColdTierHoldsTheRowsBeyondTheLimit) {
  const Planned free, cold({"server.memory_limit=100kB", "server.cold_tier=/disk"});
  const auto bytes = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape).TotalBytes();
  };
  const double tables = TableBytes(free.spec.tables[0], free.sample.rows[0], false);
  ASSERT_GT(tables, 300e3);
  EXPECT_NEAR(bytes(free) - bytes(cold), tables - 100e3, 1);
}

TEST(MemoryPlan, EachThreadOfAWorkerTakesMemory) {
  const Planned one, four({"cluster.threads=4"});
  const auto bytes = [](const Planned& p) {
    return PlanMemory(p.config, p.spec, p.layout, p.sample, p.part, p.shape).TotalBytes();
  };
  const double activations = 4.0 * 3 * (32 + 1) * 256;  // of 256 examples
  EXPECT_NEAR(bytes(four) - bytes(one), 3 * (4.0 * one.spec.dense_floats + activations), 1);
}

TEST(MemoryPlan, ALimitLeavesItsShareOfTheRows) {
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

TEST(MemoryPlan, TheLargestDimensionFitsAndTheNextDoesNot) {
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

}  // namespace
}  // namespace fathom
