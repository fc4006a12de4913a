#include "launcher/plan/data_sample.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/launcher/plan/planned_run.h"

namespace fathom {
namespace {

using testing::Planned;
using testing::PlannedConfig;

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
    const Config config = PlannedConfig({"generated.examples=4000000", "generated.values=1000000",
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
  const Config config = PlannedConfig(
      {"generated.examples=50000000", "generated.values=20000000", "generated.skew=0"});
  const GeneratedData data(config, GeneratedData::Part::kTrain);
  const DataSample sample =
      SampleData(data, nullptr, config, MakeModelSpec(config), {1000, 200000});
  EXPECT_EQ(sample.rows.at(0), 2 * 20000000.0);
}

}  // namespace
}  // namespace fathom
