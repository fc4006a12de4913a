#include "worker/ingest/fingerprint.h"

#include <fmt/format.h>

#include "common/settings/config_dump.h"
#include "common/xxh3.h"
#include "worker/data/packed_format.h"

namespace fathom {
namespace {

// Of ingest.json. Another one is packed beside, so that no summary of an earlier form is read.
constexpr int kSummaryVersion = 4;

}  // namespace

std::string Fingerprint(const Config& config, const std::vector<std::filesystem::path>& files) {
  Config relevant;
  relevant.data = config.data;
  relevant.data.packed_dir.clear();
  relevant.data.packed_keep = DataConfig().packed_keep;
  relevant.data.max_bad_lines = 0;
  relevant.joins = config.joins;
  relevant.columns = config.columns;
  relevant.crosses = config.crosses;
  relevant.evaluate.group_by = config.evaluate.group_by;
  for (ColumnConfig& column : relevant.columns) {
    column.dim = 0;
    column.pooling = Pooling::kSum;
    if (column.use != Use::kNone) column.use = Use::kBoth;
  }
  for (CrossConfig& cross : relevant.crosses) {
    cross.dim = 0;
    cross.pooling = Pooling::kSum;
    cross.use = Use::kWide;
  }
  std::string text = fmt::format("packed {}, summary {}\n{}", kPackedVersion, kSummaryVersion,
                                 DumpConfig(relevant));
  for (const auto& file : files) {
    text += fmt::format("{} {} {}\n", file.string(), std::filesystem::file_size(file),
                        std::filesystem::last_write_time(file).time_since_epoch().count());
  }
  return fmt::format("{:016x}", Xxh3(text));
}

}  // namespace fathom
