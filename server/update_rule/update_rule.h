// What one gradient does to a weight: the update rule of a part of the model. Each rule is a file
// of this folder and an entry of common/config/update_rules.def.
//
// With l2, a rule's gradient is G = gradient + l2 * weight, but for FTRL, which has its own.
// A rule with a learning rate takes a share of it that each step may change (train.schedule). FTRL
// takes none: its alpha scales all that a coordinate has summed up, and not the step at hand.
// The results are the same bits on every processor: no sum depends on the width of vectors.
// Thread rule: the thread of the table that owns it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "common/config/optimizer_config.h"

namespace fathom {

class UpdateRule {
 public:
  virtual ~UpdateRule() = default;

  // One update of the weights [n] with their gradients [n], by the step of that number (0 is the
  // first). Number k of the rule's state of weight i stands at state[k * stride + i].
  virtual void Update(std::uint64_t step, std::span<const float> gradients, float* weights,
                      float* state, std::size_t stride) = 0;

  // The updates from now on are with this share of the learning rate.
  virtual void TakeShareOfRate(double share);

  // The row-wise form, of rules that have a setting row_wise: number k of the state of all the
  // weights stands at state[k].
  virtual void UpdateRow(std::uint64_t step, std::span<const float> gradients, float* weights,
                         float* state);

  // Where a rule keeps another number in a weight's place (RuleTraits::weight), of the wide part
  // alone: the weights of rows, at whose beginning this number and the state stand. 0 where a row
  // is null.
  virtual void ReadWeights(std::span<const float* const> rows, float* weights) const;

  // What stands in the place of this weight beside this state ([states]).
  virtual float InPlaceOf(float weight, const float* /*state*/) const { return weight; }

  // The weight is 0 where what stands in its place has at most this size.
  virtual double zero_bound() const { return 0; }

  // Every number of a new weight's state.
  virtual float initial_state() const { return 0; }
};

std::unique_ptr<UpdateRule> MakeUpdateRule(const OptimizerConfig& config);

// Defined by each rule's own file.
#define FATHOM_UPDATE_RULE(rule, name, ...) \
  std::unique_ptr<UpdateRule> Make##rule(const OptimizerConfig& config);
#include "common/config/update_rules.def"
#undef FATHOM_UPDATE_RULE

}  // namespace fathom
