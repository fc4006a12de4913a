// A server's range of the dense parameters with the state of their update rule.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "common/config/config.h"
#include "common/model/dense_file.h"
#include "common/model/model_spec.h"
#include "server/update_rule/update_rule.h"

namespace fathom {

// What one tree node contributed to the range.
struct DenseGradient {
  std::uint32_t first_slice = 0;
  std::span<const float> values;
  float weight = 0;  // sum of the weights of its examples, if they have weights
};

class DenseTable {
 public:
  // Config and spec must outlive it.
  DenseTable(const Config& config, const ModelSpec& spec, int server, int servers);
  DenseTable(const Config& config, ModelSpec&& spec, int server, int servers) = delete;

  std::span<const float> values() const { return values_; }

  // Adds the gradients, in ascending order of slice, along the slice tree and takes one step of
  // the rule with their mean: over `weight`, the sum of the weights of the batch's examples, or
  // their number. Where it is 0 so is the mean. Throws Error(kNumeric) if the sum is not
  // finite or beyond kMaxGradient: names parameter and step.
  void Update(std::uint64_t step, float weight, std::span<const DenseGradient> gradients);

  // The number of values()[0] among all dense parameters.
  std::size_t first() const { return first_; }

  // The updates from now on are with this share of the learning rate.
  void TakeShareOfRate(double share) { rule_->TakeShareOfRate(share); }

  // Of all servers, as if new.
  DenseState Initial() const;

  void Restore(const DenseState& state);  // of all servers
  // Throws Error(kNumeric) where a value or its state is not finite.
  void Save(const ModelOutput& out) const;

 private:
  const Config& config_;
  const ModelSpec& spec_;
  std::size_t total_;  // of all servers
  std::size_t first_;
  std::unique_ptr<UpdateRule> rule_;
  int states_;  // numbers beside a value
  std::vector<float> values_;
  std::vector<float> state_;  // [states x values]
  std::vector<float> sums_;   // room for a block of partial sums at each depth of the tree
};

}  // namespace fathom
