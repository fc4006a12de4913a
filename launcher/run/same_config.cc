#include "launcher/run/same_config.h"

#include <span>
#include <string>

#include "common/error.h"
#include "common/settings/config_difference.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"

namespace fathom {
namespace {

// The config of rank 0, on all ranks.
Config ConfigOfFirst(const Config& config, MpiSession& mpi) {
  const std::string mine = DumpConfig(config);
  const auto first = mpi.BroadcastAny(std::as_bytes(std::span(mine)));
  const std::string text(reinterpret_cast<const char*>(first.data()), first.size());
  return ParseConfig(text, "the config of rank 0", "", {});
}

}  // namespace

Config WithoutHostSettings(Config config) {
  config.data.dir.clear();
  config.data.packed_dir.clear();
  config.data.duckdb.clear();
  config.data.packed_keep = DataConfig().packed_keep;
  config.output.dir.clear();
  config.output.progress_seconds = OutputConfig().progress_seconds;
  config.cluster.interface.clear();
  config.cluster.threads = ClusterConfig().threads;
  if (!config.server.cold_tier.empty()) config.server.cold_tier = "given";
  config.server.huge_pages = ServerConfig().huge_pages;
  return config;
}

void RefuseMixedConfigs(const Config& config, MpiSession& mpi) {
  const std::string difference = DescribeDifferences(
      DifferencesOf(WithoutHostSettings(config), WithoutHostSettings(ConfigOfFirst(config, mpi))),
      "rank 0");
  mpi.GatherOnFirst(
      std::as_bytes(std::span(difference)), [&](int rank, std::span<const std::byte> bytes) {
        if (bytes.empty()) return;
        Fail(ExitCode::kUsage,
             "rank {} on {} has another config than rank 0: {}: give all ranks the same", rank,
             mpi.hosts()[static_cast<std::size_t>(rank)],
             std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
      });
}

}  // namespace fathom
