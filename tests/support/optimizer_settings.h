// A part's update rule with settings, in one line.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "common/config/optimizer_config.h"

namespace fathom::testing {

using GivenSettings = std::vector<std::pair<std::string_view, double>>;

inline void Give(OptimizerConfig* config, const GivenSettings& settings) {
  for (const auto& [name, value] : settings) config->Set(name, value);
}

inline OptimizerConfig Optimizer(OptimizerPart part, UpdateRuleKind rule,
                                 const GivenSettings& settings, double l2 = 0) {
  OptimizerConfig config(part);
  config.optimizer = rule;
  Give(&config, settings);
  config.l2 = l2;
  return config;
}

}  // namespace fathom::testing
