// The update rule of one part of the model and its settings, as [wide], [deep] and [dense] choose
// them. A setting that was not given has the default of the chosen rule.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "common/config/update_rule_traits.h"

namespace fathom {

class OptimizerConfig {
 public:
  explicit OptimizerConfig(OptimizerPart part) : optimizer(DefaultRule(part)), part_(part) {}

  UpdateRuleKind optimizer;
  double l2 = 0;  // every rule has it

  OptimizerPart part() const { return part_; }
  const RuleTraits& traits() const { return TraitsOf(optimizer); }

  // Whether the chosen rule has the setting.
  bool Has(std::string_view setting) const { return traits().Find(part_, setting) != nullptr; }

  // The value in force. The chosen rule must have the setting.
  double operator[](std::string_view setting) const;

  // As operator[]; where the chosen rule has no such setting, the default of the first that has.
  double ValueOrDefault(std::string_view setting) const;

  // Gives a setting that some rule of the part has.
  void Set(std::string_view setting, double value);

  // The settings that were given, whether or not the chosen rule has them.
  std::vector<std::string_view> Given() const;

 private:
  OptimizerPart part_;
  std::map<std::string_view, double> given_;
};

// A setting that a part's rules have, from the first rule that has it.
struct PartSetting {
  const RuleSetting* setting;
  std::vector<UpdateRuleKind> rules;  // that have it
};
std::vector<PartSetting> SettingsOfPart(OptimizerPart part);

}  // namespace fathom
