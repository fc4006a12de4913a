#include "common/config/optimizer_config.h"

#include <algorithm>

#include "common/check.h"

namespace fathom {
namespace {

const RuleSetting* FindInPart(OptimizerPart part, std::string_view name) {
  for (const PartSetting& of_part : SettingsOfPart(part)) {
    if (of_part.setting->name == name) return of_part.setting;
  }
  return nullptr;
}

}  // namespace

double OptimizerConfig::operator[](std::string_view setting) const {
  FATHOM_CHECK(Has(setting));
  return ValueOrDefault(setting);
}

double OptimizerConfig::ValueOrDefault(std::string_view setting) const {
  if (const auto given = given_.find(setting); given != given_.end()) return given->second;
  const RuleSetting* found = traits().Find(part_, setting);
  if (found == nullptr) found = FindInPart(part_, setting);
  FATHOM_CHECK(found != nullptr);
  return found->initial[static_cast<std::size_t>(part_)];
}

void OptimizerConfig::Set(std::string_view setting, double value) {
  const RuleSetting* const found = FindInPart(part_, setting);
  FATHOM_CHECK(found != nullptr);
  given_[found->name] = value;
}

std::vector<std::string_view> OptimizerConfig::Given() const {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : given_) names.push_back(name);
  return names;
}

std::vector<PartSetting> SettingsOfPart(OptimizerPart part) {
  std::vector<PartSetting> settings;
  for (std::size_t rule = 0; rule < std::size(update_rules::kTraits); ++rule) {
    const RuleTraits& traits = update_rules::kTraits[rule];
    if (!traits.GoesWith(part)) continue;
    for (const RuleSetting& setting : traits.settings) {
      if (traits.Find(part, setting.name) == nullptr) continue;
      auto same = std::find_if(settings.begin(), settings.end(), [&](const PartSetting& other) {
        return other.setting->name == setting.name;
      });
      if (same == settings.end()) same = settings.insert(same, {&setting, {}});
      same->rules.push_back(static_cast<UpdateRuleKind>(rule));
    }
  }
  return settings;
}

}  // namespace fathom
