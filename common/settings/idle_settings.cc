#include "common/settings/idle_settings.h"

#include <string_view>
#include <utility>

#include "common/error.h"
#include "common/settings/idle_rules.h"
#include "common/settings/settings.h"

namespace fathom {
namespace {

bool Covers(std::string_view rule_key, std::string_view key) {
  return rule_key.ends_with('.') ? key.starts_with(rule_key) : key == rule_key;
}

std::string ValueOf(const std::vector<Setting>& settings, std::string_view key) {
  for (const Setting& setting : settings) {
    if (setting.key == key) return TomlText(setting.value);
  }
  return "";
}

// Whether a setting has its default.
bool HasDefault(Config config, std::string_view key) {
  Config defaults;
  return ValueOf(SettingsOf(config), key) == ValueOf(SettingsOf(defaults), key);
}

// Collects what is to be told, and throws for what is refused.
class Findings {
 public:
  explicit Findings(const std::string& origin) : origin_(origin) {}

  void Add(std::string_view key, std::string_view because, bool refuse) {
    std::string text = fmt::format("{}: {} has no effect: {}", origin_, key, because);
    if (refuse) Fail(ExitCode::kUsage, "{}", text);
    told_.push_back(std::move(text));
  }

  std::vector<std::string> Take() { return std::move(told_); }

 private:
  const std::string& origin_;
  std::vector<std::string> told_;
};

}  // namespace

std::vector<std::string> IdleSettings(const Config& config, const GivenKeys& given,
                                      const Placement& placement, const std::string& origin) {
  Findings findings(origin);
  for (const IdleRule& rule : IdleRules()) {
    if (!rule.idle(config, placement)) continue;
    if (rule.verdict == IdleVerdict::kRefuseAlways) findings.Add(rule.key, rule.because, true);
    for (const std::string& key : given) {
      if (!Covers(rule.key, key)) continue;
      findings.Add(key, rule.because,
                   rule.verdict == IdleVerdict::kRefuse && !HasDefault(config, key));
    }
  }
  for (const ColumnConfig& column : config.columns) {
    for (const IdleColumnRule& rule : IdleColumnRules()) {
      const std::string key = fmt::format("{}.{}", PathOf(column), rule.key);
      if (given.contains(key) && rule.idle(column)) findings.Add(key, rule.because, false);
    }
  }
  for (const CrossConfig& cross : config.crosses) {
    for (const IdleCrossRule& rule : IdleCrossRules()) {
      const std::string key = fmt::format("{}.{}", PathOf(cross), rule.key);
      if (given.contains(key) && rule.idle(cross)) findings.Add(key, rule.because, false);
    }
  }
  return findings.Take();
}

}  // namespace fathom
