// Trainings on the means of labels that are drawn at random: there is nothing to learn, neither for
// the lines that are trained on nor for others. The model has one weight, so that it cannot follow
// the noise of the lines that it is trained on either.
#include <gtest/gtest.h>

#include "common/model/manifest.h"
#include "common/random.h"
#include "common/run/model_identity.h"
#include "common/settings/config_file.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/run/run_data.h"
#include "tests/support/embedded_run.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

std::string RandomLabels(std::uint64_t seed, std::uint64_t lines) {
  std::string text = "label,id\n";
  for (std::uint64_t i = 0; i < lines; ++i)
    text += fmt::format("{},u{}\n", Mix64(seed, 2 * i) % 2, Mix64(seed, 2 * i + 1) % (lines / 3));
  return text;
}

Metrics EvaluateOn(const std::filesystem::path& packed, DataPart part, const Config& config,
                   const std::filesystem::path& model) {
  const ModelSpec spec = MakeModelSpec(config);
  MpiSession alone(nullptr, nullptr);
  RunRequest request;
  request.mode = RunMode::kEvaluate;
  request.data.evaluation = OpenPacked(packed, spec, part);
  request.model_dir = model;
  request.model = IdentityOf(ReadManifest(model));
  return ExecuteRun(config, spec, MakeLayout(alone.hosts(), config.cluster), alone,
                    std::move(request))
      .report.metrics;
}

TEST(TargetMeanTraining, OfRandomLabelsLearnsNothing) {
  const testing::ScratchDir dir;
  dir.Write("train.csv", RandomLabels(1, 20000));
  dir.Write("test.csv", RandomLabels(2, 20000));
  const Config config = ParseConfig(R"(
[data]
train = ["train.csv"]
test = ["test.csv"]
[train]
epochs = 5
batch_size = 256
[dense]
learning_rate = 0.05
[[column]]
name = "mean"
source = "id"
kind = "numeric"
transform = "target_mean"
use = "wide"
)",
                                    "run.toml", dir.path(), {});
  testing::TrainEmbedded(config, dir.path() / "packed", dir.path() / "out");
  const IngestResult packed =
      Ingest(config, MakeModelSpec(config), dir.path() / "packed", 1, [](const IngestProgress&) {});
  ASSERT_TRUE(packed.reused);
  const auto expect_nothing = [&](const std::filesystem::path& file, DataPart part) {
    const Metrics metrics = EvaluateOn(file, part, config, dir.path() / "out" / "model");
    EXPECT_EQ(metrics.examples, 20000U);
    EXPECT_LE(metrics.auc_low, 0.5);
    EXPECT_GE(metrics.auc_high, 0.5);
  };
  expect_nothing(packed.train, DataPart::kTrain);
  expect_nothing(packed.test, DataPart::kTest);
}

}  // namespace
}  // namespace fathom
