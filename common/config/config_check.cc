#include "common/config/config_check.h"

#include "common/config/data_check.h"
#include "common/error.h"

namespace fathom {
namespace {

constexpr double kMinFilterBytes = 64e3;  // a thousand for each partition

}  // namespace

void CheckConfig(const Config& config, const std::string& origin) {
  CheckData(config, origin);
  CheckColumns(config, origin);
  for (const JoinConfig& join : config.joins) {
    if (join.file.empty() || join.key.empty())
      Fail(ExitCode::kUsage, "{}: a [[join]] needs file and key", origin);
  }
  if (config.train.batch_size % config.train.slice_size != 0 &&
      config.train.batch_size > config.train.slice_size) {
    Fail(ExitCode::kUsage, "{}: train.batch_size = {} must be a multiple of train.slice_size = {}",
         origin, config.train.batch_size, config.train.slice_size);
  }
  for (const std::int64_t width : config.model.hidden) {
    if (width < 1 || width > 65536)
      Fail(ExitCode::kUsage, "{}: model.hidden: a width of {} is out of range: 1 to 65536", origin,
           width);
  }
  if (!config.server.cold_tier.empty() && !config.server.memory_limit.given()) {
    Fail(ExitCode::kUsage,
         "{}: server.cold_tier needs server.memory_limit: how much of the tables may be in memory",
         origin);
  }
  if (!config.server.cold_tier.empty() && config.server.evict_unused_steps > 0) {
    Fail(
        ExitCode::kUsage,
        "{}: server.evict_unused_steps looks at the age of every row, which server.cold_tier keeps "
        "on disk; set one of the two",
        origin);
  }
  const ByteSize& filter = config.server.admission_filter;
  if (filter.bytes() < kMinFilterBytes) {
    Fail(ExitCode::kUsage, "{}: server.admission_filter = \"{}\" is not {}, of at least 64kB",
         origin, filter.text(), kByteSizeForm);
  }
  if (config.evaluate.on == EvaluationPart::kValidation && config.data.validation_fraction == 0) {
    Fail(ExitCode::kUsage, "{}: evaluate.on = \"validation\" needs data.validation_fraction",
         origin);
  }
}

}  // namespace fathom
