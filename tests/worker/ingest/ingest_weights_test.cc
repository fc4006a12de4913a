// Weights of examples in packed data.
#include <gtest/gtest.h>

#include "tests/worker/ingest/ingest_fixture.h"
#include "worker/data/packed_data.h"

namespace fathom {
namespace {

using testing::ExpectError;
using testing::MakeConfig;

class IngestWeightsTest : public testing::IngestFixture {};

TEST_F(IngestWeightsTest, WeightsOfExamples) {
  dir_.Write("train.csv", "label,id,w\n1,a,2\n0,b,0.5\n0,c,0\n1,d,1e3\n");
  Config config;
  config.data.dir = dir_.path();
  config.data.train = {"train.csv"};
  config.data.weight = "w";
  config.columns = {{.name = "id"}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  EXPECT_EQ(train.Example(0).weight, 2);
  EXPECT_EQ(train.Example(1).weight, 0.5);
  EXPECT_EQ(train.Example(2).weight, 0);
  EXPECT_EQ(result.train_weights.all, 1002.5);
  EXPECT_EQ(result.train_weights.positives, 1002);
  EXPECT_EQ(Run(config).train_weights.all, 1002.5) << "reused";

  // Only the training files lack negatives.
  config.data.negative_rate = 0.25;
  dir_.Write("test.csv", "label,id,w\n0,b,3\n");
  config.data.test = {"test.csv"};
  const ModelSpec spec = MakeModelSpec(config);
  const IngestResult kept = Run(config);
  EXPECT_EQ(PackedData(kept.train, spec).Example(0).weight, 2) << "a positive";
  EXPECT_EQ(PackedData(kept.train, spec).Example(1).weight, 2) << "a negative";
  EXPECT_EQ(PackedData(kept.test, spec, DataPart::kTest).Example(0).weight, 3);
  config.data.weight.clear();
  EXPECT_EQ(PackedData(Run(config).train, spec).Example(1).weight, 4);
}

TEST_F(IngestWeightsTest, LinesWithoutAWeightFromZeroAreBad) {
  Config config;
  config.data.dir = dir_.path();
  config.data.train = {"train.csv"};
  config.data.weight = "w";
  config.columns = {{.name = "id"}};
  for (const char* weight : {"-1", "nan", "inf", "", "x", "-0.001"}) {
    dir_.Write("train.csv", fmt::format("label,id,w\n1,a,1\n0,b,{}\n0,c,1\n", weight));
    const std::string reason = fmt::format("weight w = \"{}\" is no number from 0", weight);
    ExpectError(ExitCode::kData, {"train.csv:3", reason.c_str()}, [&] { Run(config); });
  }
  for (const char* weight : {"1e39", "1e300", "1000001"}) {
    dir_.Write("train.csv", fmt::format("label,id,w\n1,a,1\n0,b,{}\n0,c,1e6\n", weight));
    ExpectError(ExitCode::kData, {"train.csv:3", weight, "beyond 1e+06"}, [&] { Run(config); });
  }
}

TEST_F(IngestWeightsTest, ThePackedFormOfExamplesWithoutWeightsHasNoPlaceForThem) {
  Config config = MakeConfig(dir_.path());
  const PackedShape plain(MakeModelSpec(config));
  config.data.weight = "w";
  const PackedShape weighted(MakeModelSpec(config));
  EXPECT_EQ(plain.label_offset + sizeof(float), weighted.label_offset);
  EXPECT_EQ(plain.label_offset, plain.numerics_offset + sizeof(float));
  EXPECT_NE(plain.schema, weighted.schema);
}

TEST_F(IngestWeightsTest, VwsImportanceIsAWeightWhereItIsAskedFor) {
  dir_.Write("train.vw", "1 2 |user u1\n0 |user u2\n0 0.5 'tag |user u2\n");
  Config config;
  config.data.dir = dir_.path();
  config.data.format = DataFormat::kVw;
  config.data.train = {"train.vw"};
  config.data.weight = "importance";
  config.data.label = "label";
  config.columns = {{.name = "user", .kind = ColumnKind::kMultivalent, .weighted = true}};
  const IngestResult result = Run(config);
  const PackedData train(result.train, MakeModelSpec(config));
  EXPECT_EQ(train.Example(0).weight, 2);
  EXPECT_EQ(train.Example(1).weight, 1);
  EXPECT_EQ(train.Example(2).weight, 0.5);
}

TEST_F(IngestWeightsTest, AllOfThemZeroIsAnError) {
  dir_.Write("train.csv", "label,id,w\n1,a,0\n0,b,0\n");
  Config config;
  config.data.dir = dir_.path();
  config.data.train = {"train.csv"};
  config.data.weight = "w";
  config.columns = {{.name = "id"}};
  ExpectError(ExitCode::kData, {"all 2 weights", "data.weight"}, [&] { Run(config); });
}

}  // namespace
}  // namespace fathom
