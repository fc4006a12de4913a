// What an update rule says about itself (update_rules.def): the parts of the model that may use it,
// the state that it keeps beside each weight, its settings. Config, checkpoints, compare and plan
// read this table, so none of them knows a rule by name.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

#include "common/config/kinds.h"

namespace fathom {

// The groups of parameters that choose a rule each: the wide weights of rows, their embeddings, and
// the dense parameters.
enum class OptimizerPart { kWide, kDeep, kDense };
template <>
struct NamesOf<OptimizerPart> {
  static constexpr std::array<std::string_view, 3> kNames = {"wide", "deep", "dense"};
};

inline constexpr std::size_t kMaxRuleStates = 4;
inline constexpr std::size_t kMaxRuleSettings = 8;

enum class RuleSettingType { kAboveZero, kFromZero, kFlag };

struct RuleSetting {
  std::string_view name;  // empty: none
  RuleSettingType type = RuleSettingType::kFromZero;
  double high = 0;         // the largest value
  double initial[3] = {};  // default, by OptimizerPart; of a flag 0 or 1
  std::string_view help;
  unsigned parts = ~0U;  // that have it, as in RuleTraits
};

// The names of the numbers that a rule keeps beside each weight. Counted once: every row that is
// read or written asks how many there are.
class RuleState {
 public:
  constexpr RuleState() = default;
  constexpr RuleState(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) names_[count_++] = name;
  }
  constexpr int count() const { return count_; }
  constexpr std::string_view operator[](int i) const { return names_[i]; }

 private:
  std::string_view names_[kMaxRuleStates];
  int count_ = 0;
};

struct RuleTraits {
  unsigned parts = 0;       // bit OptimizerPart: may use the rule
  std::string_view weight;  // what stands in the weight's place
  RuleState state;
  int trained = -1;  // state[trained] sums squared gradients; -1: none does
  RuleSetting settings[kMaxRuleSettings] = {};

  constexpr int states() const { return state.count(); }
  constexpr bool GoesWith(OptimizerPart part) const {
    return (parts >> static_cast<unsigned>(part) & 1U) != 0;
  }
  // Null: the rule has no such setting in this part.
  constexpr const RuleSetting* Find(OptimizerPart part, std::string_view name) const {
    for (const RuleSetting& setting : settings) {
      const bool of_part = (setting.parts >> static_cast<unsigned>(part) & 1U) != 0;
      if (!name.empty() && setting.name == name && of_part) return &setting;
    }
    return nullptr;
  }
};

namespace update_rules {
inline constexpr unsigned kOfWide = 1U << static_cast<unsigned>(OptimizerPart::kWide);
inline constexpr unsigned kOfDeep = 1U << static_cast<unsigned>(OptimizerPart::kDeep);
inline constexpr unsigned kOfDense = 1U << static_cast<unsigned>(OptimizerPart::kDense);
inline constexpr auto kAboveZero = RuleSettingType::kAboveZero;
inline constexpr auto kFromZero = RuleSettingType::kFromZero;
inline constexpr auto kFlag = RuleSettingType::kFlag;

inline constexpr RuleTraits kTraits[] = {
#define FATHOM_UPDATE_RULE(rule, name, ...) RuleTraits{__VA_ARGS__},
#include "common/config/update_rules.def"
#undef FATHOM_UPDATE_RULE
};
}  // namespace update_rules

constexpr const RuleTraits& TraitsOf(UpdateRuleKind rule) {
  return update_rules::kTraits[static_cast<std::size_t>(rule)];
}

constexpr UpdateRuleKind DefaultRule(OptimizerPart part) {
  return part == OptimizerPart::kWide ? UpdateRuleKind::kFtrl : UpdateRuleKind::kAdaGrad;
}

// Rules that share a setting's name share its type and range: the parser checks a value before it
// knows the rule.
constexpr bool SharedSettingsAgree() {
  for (const RuleTraits& a : update_rules::kTraits) {
    for (const RuleSetting& x : a.settings) {
      for (const RuleTraits& b : update_rules::kTraits) {
        for (const RuleSetting& y : b.settings) {
          if (x.name == y.name && (x.type != y.type || x.high != y.high)) return false;
        }
      }
    }
  }
  return true;
}
static_assert(SharedSettingsAgree());

}  // namespace fathom
