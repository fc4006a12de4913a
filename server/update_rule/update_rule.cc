#include "server/update_rule/update_rule.h"

#include "common/check.h"

namespace fathom {

void UpdateRule::TakeShareOfRate(double) {}

void UpdateRule::UpdateRow(std::uint64_t, std::span<const float>, float*, float*) {
  FATHOM_CHECK(!"the rule has a row-wise form");
}

void UpdateRule::ReadWeights(std::span<const float* const> rows, float* weights) const {
  for (std::size_t i = 0; i < rows.size(); ++i) weights[i] = rows[i] == nullptr ? 0 : rows[i][0];
}

std::unique_ptr<UpdateRule> MakeUpdateRule(const OptimizerConfig& config) {
  switch (config.optimizer) {
#define FATHOM_UPDATE_RULE(rule, name, ...) \
  case UpdateRuleKind::k##rule:             \
    return Make##rule(config);
#include "common/config/update_rules.def"
#undef FATHOM_UPDATE_RULE
  }
  FATHOM_CHECK(!"a rule of the table");
  return nullptr;
}

}  // namespace fathom
