// The rules of idle_settings.h: which setting has no effect where, and why. One entry each in
// idle_rules.cc.
#pragma once

#include <span>
#include <string_view>

#include "common/config/config.h"
#include "common/settings/idle_settings.h"

namespace fathom {

enum class IdleVerdict {
  kTell,
  kRefuse,        // where the value is another than the default, which is told
  kRefuseAlways,  // whoever wrote it: what would be missing is more than a convenience
};

// `idle` says whether the key has no effect. A key that ends in a dot stands for all below it.
struct IdleRule {
  std::string_view key;
  bool (*idle)(const Config& config, const Placement& placement);
  std::string_view because;
  IdleVerdict verdict = IdleVerdict::kTell;
};

// config_check.h refuses settings of columns that do not go with their kind or transform.
struct IdleColumnRule {
  std::string_view key;
  bool (*idle)(const ColumnConfig& column);
  std::string_view because;
};

struct IdleCrossRule {
  std::string_view key;
  bool (*idle)(const CrossConfig& cross);
  std::string_view because;
};

std::span<const IdleRule> IdleRules();
std::span<const IdleColumnRule> IdleColumnRules();
std::span<const IdleCrossRule> IdleCrossRules();

}  // namespace fathom
