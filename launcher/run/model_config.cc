#include "launcher/run/model_config.h"

#include <sstream>

#include "common/error.h"
#include "common/model/model_text.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"

namespace fathom {
namespace {

// Whether what is trained depends on how tables are cut.
bool DependsOnPartitions(const ServerConfig& server) {
  return server.admission_count > 1 || (server.memory_limit.given() && server.cold_tier.empty());
}

// The settings that may differ between a checkpoint and the run that goes on from it.
Config Comparable(Config config) {
  config.train.epochs = 1;
  if (!DependsOnPartitions(config.server)) config.server.partitions = ServerConfig().partitions;
  config.evaluate.every_steps = 0;
  config.data.dir.clear();
  return config;
}

}  // namespace

std::string ModelConfigText(Config config) {
  config.resume = Config().resume;
  config.output = {};
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
  return ConfigFileText(config);
}

void CheckSameConfig(const Config& config, const std::filesystem::path& dir,
                     const Manifest& manifest) {
  const std::string text = ReadTextFile(dir, manifest, "config.toml");
  const Config then = ParseConfig(text, (dir / "config.toml").string(), dir, {});
  std::istringstream old_lines(ModelConfigText(Comparable(then)));
  std::istringstream new_lines(ModelConfigText(Comparable(config)));
  std::string old_line, new_line;
  for (;;) {
    const bool has_old = static_cast<bool>(std::getline(old_lines, old_line));
    const bool has_new = static_cast<bool>(std::getline(new_lines, new_line));
    if (!has_old && !has_new) return;
    if (has_old == has_new && old_line == new_line) continue;
    Fail(ExitCode::kUsage,
         "{}: the checkpoint was trained with \"{}\", the config says \"{}\"; to go on, set it as "
         "it "
         "was, or begin with the checkpoint's values: warm_start.model",
         dir.string(), has_old ? old_line : "", has_new ? new_line : "");
  }
}

}  // namespace fathom
