#include "server/table/dense_table.h"

#include <algorithm>

#include "common/check.h"
#include "common/error.h"
#include "common/finite.h"
#include "common/model/dense_range.h"
#include "common/schedule/slice_tree.h"
#include "common/vector_clones.h"

namespace fathom {
namespace {

// Parameters that are summed and updated together, while they are in the cache.
constexpr std::size_t kBlock = 1024;

}  // namespace

DenseTable::DenseTable(const Config& config, const ModelSpec& spec, int server, int servers)
    : config_(config),
      spec_(spec),
      total_(static_cast<std::size_t>(spec.dense_floats)),
      rule_(MakeUpdateRule(config.dense)),
      states_(config.dense.traits().states()),
      sums_(TreeSum::kMaxDepth * kBlock) {
  const auto [first, end] = DenseRange(total_, server, servers);
  first_ = first;
  const std::vector<float> initial = InitialDense(spec, config);
  values_.assign(initial.begin() + static_cast<std::ptrdiff_t>(first),
                 initial.begin() + static_cast<std::ptrdiff_t>(end));
  state_.assign(static_cast<std::size_t>(states_) * values_.size(), rule_->initial_state());
}

FATHOM_VECTOR_CLONES
void DenseTable::Update(std::uint64_t step, std::uint32_t examples,
                        std::span<const DenseGradient> gradients) {
  if (gradients.empty()) return;
  for (const DenseGradient& gradient : gradients) {
    FATHOM_CHECK_EQ(gradient.values.size(), values_.size());
  }
  for (std::size_t begin = 0; begin < values_.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, values_.size() - begin);
    const auto add = [&](int into, int from) {
      float* const a = &sums_[static_cast<std::size_t>(into) * kBlock];
      const float* const b = &sums_[static_cast<std::size_t>(from) * kBlock];
      for (std::size_t i = 0; i < count; ++i) a[i] += b[i];
    };
    TreeSum sum;
    for (const DenseGradient& gradient : gradients) {
      const int slot = sum.Push(gradient.first_slice, add);
      std::copy_n(&gradient.values[begin], count, &sums_[static_cast<std::size_t>(slot) * kBlock]);
    }
    sum.Finish(add);
    const std::span<float> total(sums_.data(), count);
    if (!MayUpdate(total)) {
      const auto bad = std::find_if(total.begin(), total.end(), [](const float& g) {
        return !MayUpdate({&g, 1});
      });
      Fail(ExitCode::kNumeric,
           "step {}: the gradient of dense parameter {} is {}; lower the learning rates of [dense] "
           "and "
           "[deep], or look for extreme values in the numeric columns",
           step, first_ + begin + static_cast<std::size_t>(bad - total.begin()), *bad);
    }
    const float share = 1.0F / static_cast<float>(examples);
    for (float& gradient : total) gradient *= share;
    float* const state = state_.empty() ? nullptr : &state_[begin];
    rule_->Update(step, total, &values_[begin], state, values_.size());
  }
}

DenseState DenseTable::Initial() const {
  return {InitialDense(spec_, config_),
          std::vector<float>(static_cast<std::size_t>(states_) * total_, rule_->initial_state())};
}

void DenseTable::Restore(const DenseState& state) {
  FATHOM_CHECK_EQ(state.values.size(), total_);
  FATHOM_CHECK_EQ(state.state.size(), static_cast<std::size_t>(states_) * total_);
  std::copy_n(state.values.begin() + static_cast<std::ptrdiff_t>(first_), values_.size(),
              values_.begin());
  for (std::size_t k = 0; k < static_cast<std::size_t>(states_); ++k) {
    std::copy_n(state.state.begin() + static_cast<std::ptrdiff_t>(k * total_ + first_),
                values_.size(), state_.begin() + static_cast<std::ptrdiff_t>(k * values_.size()));
  }
}

void DenseTable::Save(const ModelOutput& out) const {
  if (!AllFinite(values_) || !AllFinite(state_)) {
    Fail(ExitCode::kNumeric,
         "a dense parameter of {} to {}, or its state, is infinite or no number, and is not saved: "
         "lower the learning rate and l2 of [dense]",
         first_, first_ + values_.size() - 1);
  }
  WriteDenseRange(out, total_, first_, values_, state_);
}

}  // namespace fathom
