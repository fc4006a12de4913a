#include "common/config/config_check.h"

#include <limits>

#include "common/config/best_model.h"
#include "common/config/data_check.h"
#include "common/error.h"

namespace fathom {
namespace {

constexpr double kMinFilterBytes = 1000;  // for each partition

// The rules take steps in float, where a smaller number is 0: one divides by these.
void CheckNotZeroAsFloat(const OptimizerConfig& config, std::string_view name,
                         const std::string& origin) {
  const RuleSetting& setting = *config.traits().Find(config.part(), name);
  constexpr double kLeast = std::numeric_limits<float>::min();
  if (setting.type != RuleSettingType::kAboveZero || config[name] >= kLeast) return;
  Fail(ExitCode::kUsage, "{}: {}.{} = {:g} is too small: {:g} is the least", origin,
       NameOf(config.part()), name, config[name], kLeast);
}

// Settings that were given go with the chosen rule.
void CheckOptimizer(const OptimizerConfig& config, const std::string& origin) {
  const std::string_view part = NameOf(config.part());
  const std::string_view rule = NameOf(config.optimizer);
  for (const std::string_view name : config.Given()) {
    if (config.Has(name)) {
      CheckNotZeroAsFloat(config, name, origin);
      continue;
    }
    std::string known;
    for (const PartSetting& of_part : SettingsOfPart(config.part())) {
      if (config.Has(of_part.setting->name)) known += fmt::format("{}, ", of_part.setting->name);
    }
    Fail(ExitCode::kUsage,
         "{}: {}.{} is no setting of {}.optimizer = \"{}\", whose settings are {}l2: remove it, or "
         "choose another optimizer",
         origin, part, name, part, rule, known);
  }
}

// What evicts the rows that were trained least must find in them how much they were.
void CheckEviction(const Config& config, const std::string& origin) {
  const ServerConfig& server = config.server;
  if (!server.memory_limit.given() || !server.cold_tier.empty() ||
      server.at_limit != AtLimit::kEvictLeastTrained)
    return;
  for (const OptimizerConfig* const part : {static_cast<const OptimizerConfig*>(&config.wide),
                                            static_cast<const OptimizerConfig*>(&config.deep)}) {
    if (part->traits().trained >= 0) continue;
    Fail(ExitCode::kUsage,
         "{}: server.at_limit = \"{}\" goes by the squared gradients that a row has summed up, and "
         "{}.optimizer = \"{}\" sums up none: set server.at_limit to \"evict_smallest\", "
         "\"evict_oldest\" or \"refuse\"",
         origin, NameOf(server.at_limit), NameOf(part->part()), NameOf(part->optimizer));
  }
}

void CheckBest(const Config& config, const std::string& origin) {
  if (config.train.patience > 0 && !KeepsBest(config)) {
    Fail(ExitCode::kUsage,
         "{}: train.patience = {} counts evaluations on a validation part: give "
         "data.validation_fraction, as 0.1, and a metric in evaluate.best",
         origin, config.train.patience);
  }
  if (KeepsBest(config) && config.evaluate.best == BestBy::kGauc &&
      config.evaluate.group_by.empty()) {
    Fail(ExitCode::kUsage,
         "{}: evaluate.best = \"gauc\" needs evaluate.group_by, the column of the groups", origin);
  }
}

}  // namespace

void CheckConfig(const Config& config, const std::string& origin) {
  CheckData(config, origin);
  CheckColumns(config, origin);
  for (const JoinConfig& join : config.joins) {
    if (join.file.empty() || join.key.empty())
      Fail(ExitCode::kUsage, "{}: a [[join]] needs file and key", origin);
  }
  if (config.resume.empty())
    Fail(ExitCode::kUsage, "{}: resume is empty: it is no, auto, restart or a folder", origin);
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
  CheckOptimizer(config.wide, origin);
  CheckOptimizer(config.deep, origin);
  CheckOptimizer(config.dense, origin);
  CheckEviction(config, origin);
  if (!Partitions::MayBe(config.server.partitions)) {
    Fail(ExitCode::kUsage, "{}: server.partitions = {} is no power of two from {} to {}", origin,
         config.server.partitions, Partitions::kFewest, Partitions::kMost);
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
  const auto partitions = static_cast<double>(config.server.partitions);
  if (filter.bytes() < kMinFilterBytes * partitions) {
    Fail(ExitCode::kUsage,
         "{}: server.admission_filter = \"{}\" is not {}, of at least {:.0f}kB for "
         "server.partitions = {}",
         origin, filter.text(), kByteSizeForm, kMinFilterBytes * partitions / 1000,
         config.server.partitions);
  }
  if (config.evaluate.on == EvaluationPart::kValidation && config.data.validation_fraction == 0) {
    Fail(ExitCode::kUsage, "{}: evaluate.on = \"validation\" needs data.validation_fraction",
         origin);
  }
  CheckBest(config, origin);
}

}  // namespace fathom
