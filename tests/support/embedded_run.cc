#include "tests/support/embedded_run.h"

#include <fstream>

#include "common/settings/config_file.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/coordinator/metrics_log.h"
#include "launcher/run/model_config.h"
#include "launcher/run/run_data.h"
#include "launcher/run/start_point.h"

namespace fathom::testing {

Config BooksConfig(const std::filesystem::path& data, const std::vector<std::string>& overrides) {
  static constexpr const char* kText = R"(
[data]
train = ["ratings.csv"]
label = "rating >= 4"
split_by = ["reader_id", "book_id"]
test_fraction = 0.2
[[join]]
file = "books.csv"
key = "book_id"
[[column]]
name = "reader"
source = "reader_id"
[[column]]
name = "book"
source = "book_id"
dim = 5
[[column]]
name = "genres"
kind = "multivalent"
pooling = "mean"
use = "deep"
[[column]]
name = "year"
kind = "numeric"
transform = "standardise"
[[cross]]
columns = ["reader", "genres"]
[model]
embedding_dim = 4
hidden = [16, 8]
[train]
batch_size = 160
slice_size = 16
epochs = 2
[deep]
learning_rate = 0.1
[evaluate]
group_by = "reader_id"
)";
  return ParseConfig(kText, "books.toml", data, overrides);
}

EmbeddedResult TrainEmbedded(Config config, const std::filesystem::path& packed_dir,
                             const std::filesystem::path& out, std::function<bool()> stop_asked) {
  config.output.dir = out.string();
  std::filesystem::remove_all(out / "model");
  std::filesystem::create_directories(out / "model");
  ModelSpec spec = MakeModelSpec(config);
  if (config.data.packed_dir.empty()) config.data.packed_dir = packed_dir.string();
  MpiSession alone(nullptr, nullptr);
  const EarlierModel earlier = FindEarlierModel(config, alone);
  OpenedData opened = OpenData(config, spec, earlier.transforms_json, alone);
  spec.initial_bias = opened.initial_bias;
  const Layout layout = MakeLayout(alone.hosts(), config.cluster);
  const StartPoint start = ChooseStart(config, *opened.data.train, alone);
  MetricsLog log(out / "metrics.jsonl");
  EmbeddedResult run;
  RunRequest request;
  request.data = std::move(opened.data);
  request.model_dir = start.dir;
  request.save_dir = out / "model";
  request.checkpoint_dir = CheckpointsOf(config).path();
  request.sees_output = config.output.shared != SharedFolder::kNo;
  request.start = start.from;
  request.start_step = start.step;
  request.coordinator.log = &log;
  request.coordinator.texts = {.config_toml = ModelConfigText(config),
                               .transforms_json = opened.transforms_json,
                               .side_tables = opened.side_tables,
                               .names = opened.names,
                               .origin = start.origin};
  request.coordinator.progress = start.progress;
  request.coordinator.best = start.best;
  request.coordinator.stop_asked = std::move(stop_asked);
  run.result = ExecuteRun(config, spec, layout, alone, std::move(request));
  std::ifstream lines(out / "metrics.jsonl");
  for (std::string line; std::getline(lines, line);) run.metrics.push_back(line);
  return run;
}

}  // namespace fathom::testing
