#include "launcher/run/same_config.h"

#include <span>
#include <sstream>
#include <string>

#include "common/error.h"
#include "common/settings/config_dump.h"

namespace fathom {
namespace {

std::string WhatMustAgree(Config config) {
  config.data.dir.clear();
  config.data.packed_dir.clear();
  config.data.packed_keep = DataConfig().packed_keep;
  config.output.dir.clear();
  config.output.progress_seconds = OutputConfig().progress_seconds;
  config.cluster.interface.clear();
  config.cluster.threads = ClusterConfig().threads;
  if (!config.server.cold_tier.empty()) config.server.cold_tier = "given";
  config.server.huge_pages = ServerConfig().huge_pages;
  return DumpConfig(config);
}

// "[section] " of the lines that follow a header; of a list's element also its name.
std::string Within(const std::string& section, const std::string& name) {
  if (section.empty()) return "";
  return name.empty() ? section + " " : section + " " + name + ": ";
}

// The first line that differs, as "mine; rank 0: theirs"; empty: none.
std::string FirstDifference(const std::string& mine, const std::string& first) {
  std::istringstream here(mine), there(first);
  std::string section, name, line, other;
  for (;;) {
    const bool has_line = static_cast<bool>(std::getline(here, line));
    const bool has_other = static_cast<bool>(std::getline(there, other));
    if (!has_line && !has_other) return "";
    if (has_line != has_other || line != other) {
      return fmt::format("{}{}; rank 0: {}", Within(section, name),
                         has_line ? line : "nothing more", has_other ? other : "nothing more");
    }
    if (line.starts_with("[")) {
      section = line;
      name.clear();
    } else if (section.starts_with("[[") && line.starts_with("name = ")) {
      name = line;
    }
  }
}

}  // namespace

void RefuseMixedConfigs(const Config& config, MpiSession& mpi) {
  const std::string mine = WhatMustAgree(config);
  const auto first = mpi.BroadcastAny(std::as_bytes(std::span(mine)));
  const std::string difference =
      FirstDifference(mine, {reinterpret_cast<const char*>(first.data()), first.size()});
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
