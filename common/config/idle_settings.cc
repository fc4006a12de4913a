#include "common/config/idle_settings.h"

#include <string_view>
#include <utility>

#include "common/config/idle_rules.h"
#include "common/error.h"

namespace fathom {
namespace {

bool Covers(std::string_view rule_key, std::string_view key) {
  return rule_key.ends_with('.') ? key.starts_with(rule_key) : key == rule_key;
}

// Collects what is to be told, and throws for what is refused.
class Findings {
 public:
  explicit Findings(const std::string& origin) : origin_(origin) {}

  void Add(std::string_view key, std::string_view because, IdleVerdict verdict) {
    std::string text = fmt::format("{}: {} has no effect: {}", origin_, key, because);
    if (verdict != IdleVerdict::kTell) Fail(ExitCode::kUsage, "{}", text);
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
    if (rule.verdict == IdleVerdict::kRefuseAlways)
      findings.Add(rule.key, rule.because, rule.verdict);
    for (const std::string& key : given) {
      if (Covers(rule.key, key)) findings.Add(key, rule.because, rule.verdict);
    }
  }
  for (const ColumnConfig& column : config.columns) {
    for (const IdleColumnRule& rule : IdleColumnRules()) {
      const std::string key = fmt::format("{}.{}", PathOf(column), rule.key);
      if (given.contains(key) && rule.idle(config, column))
        findings.Add(key, rule.because, rule.verdict);
    }
  }
  for (const CrossConfig& cross : config.crosses) {
    for (const IdleCrossRule& rule : IdleCrossRules()) {
      const std::string key = fmt::format("{}.{}", PathOf(cross), rule.key);
      if (given.contains(key) && rule.idle(cross))
        findings.Add(key, rule.because, IdleVerdict::kTell);
    }
  }
  return findings.Take();
}

}  // namespace fathom
