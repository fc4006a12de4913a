// The weight of a row of the wide part, whatever its update rule keeps in the weight's place.
#pragma once

#include <optional>

#include "common/config/ftrl_weight.h"
#include "common/config/optimizer_config.h"

namespace fathom {

// A rule that derives its weights belongs into RowWeight.
constexpr bool OnlyFtrlDerivesWeights() {
  for (std::size_t rule = 0; rule < NamesOf<UpdateRuleKind>::kNames.size(); ++rule) {
    const auto kind = static_cast<UpdateRuleKind>(rule);
    if (TraitsOf(kind).weight != "weight" && kind != UpdateRuleKind::kFtrl) return false;
  }
  return true;
}
static_assert(OnlyFtrlDerivesWeights());

// Thread rule: immutable once made.
class RowWeight {
 public:
  // Of the model's own [wide].
  explicit RowWeight(const OptimizerConfig& wide) {
    if (wide.optimizer == UpdateRuleKind::kFtrl) ftrl_.emplace(wide);
  }

  // `state`: of a row of a table that is wide (row_state.h).
  float Of(const float* state) const { return ftrl_ ? ftrl_->Of(state[0], state[1]) : state[0]; }

 private:
  std::optional<FtrlWeight> ftrl_;
};

}  // namespace fathom
