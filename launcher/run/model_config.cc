#include "launcher/run/model_config.h"

#include "common/config/best_model.h"
#include "common/error.h"
#include "common/model/model_text.h"
#include "common/settings/config_difference.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"

namespace fathom {
namespace {

// Whether what is trained depends on how tables are cut.
bool DependsOnPartitions(const ServerConfig& server) {
  return server.admission_count > 1 || (server.memory_limit.given() && server.cold_tier.empty());
}

// Without where and on how many processes a model is trained, which it does not depend on.
Config OfModel(Config config) {
  config.resume = Config().resume;
  config.output = {.side_tables = config.output.side_tables, .names = config.output.names};
  config.cluster = {};
  config.checkpoint = {};
  config.server.huge_pages = ServerConfig().huge_pages;
  if (!config.server.cold_tier.empty()) {  // then the limit decides only where rows lie
    config.server.cold_tier.clear();
    config.server.memory_limit = ServerConfig().memory_limit;
    config.server.at_limit = ServerConfig().at_limit;
  }
  config.data.packed_dir.clear();
  config.data.packed_keep = DataConfig().packed_keep;
  config.train.trace = false;
  config.train.digests = TrainConfig().digests;
  config.train.watch.clear();
  return config;
}

// Without what may differ between a checkpoint and the run that goes on from it, too.
Config Comparable(const Config& config) {
  Config comparable = OfModel(config);
  if (config.train.schedule == RateSchedule::kConstant) comparable.train.epochs = 1;
  comparable.train.patience = 0;
  comparable.evaluate.best = BestBy::kNone;
  comparable.evaluate.on = EvaluationPart::kTest;
  if (!DependsOnPartitions(config.server)) comparable.server.partitions = ServerConfig().partitions;
  comparable.evaluate.every_steps = 0;
  comparable.output = {};
  comparable.data.dir.clear();
  comparable.data.duckdb.clear();
  return comparable;
}

}  // namespace

std::string ModelConfigText(const Config& config) { return ConfigFileText(OfModel(config)); }

void CheckSameConfig(const Config& config, const std::filesystem::path& dir,
                     const Manifest& manifest) {
  const std::string text = ReadTextFile(dir, manifest, kConfigFile);
  const Config then = ParseConfig(text, (dir / kConfigFile).string(), dir, {});
  Config now = Comparable(config), before = Comparable(then);
  // The earlier evaluations were judged by one metric, and only the best by that one is kept.
  if (KeepsBest(config) && manifest.best && manifest.best->last.step > 0) {
    now.evaluate.best = config.evaluate.best;
    before.evaluate.best = manifest.best->by;
  }
  const auto differences = DifferencesOf(now, before);
  if (differences.empty()) return;
  Fail(ExitCode::kUsage,
       "{}: the checkpoint was trained with another config: {}; to go on, set it as it was, or "
       "begin "
       "with the checkpoint's values: warm_start.model",
       dir.string(), DescribeDifferences(differences, "the checkpoint"));
}

}  // namespace fathom
