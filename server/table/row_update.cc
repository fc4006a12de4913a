#include "server/table/row_update.h"

#include <algorithm>

#include "common/check.h"
#include "common/model/row_state.h"
#include "common/random.h"
#include "common/vector_clones.h"
#include "common/xxh3.h"

namespace fathom {

RowUpdate::RowUpdate(const TableSpec& spec, const Config& config)
    : spec_(spec),
      embedding_at_(EmbeddingAt(spec)),
      deep_state_at_(DeepStateAt(spec)),
      wide_(MakeUpdateRule(config.wide)),
      deep_(MakeUpdateRule(config.deep)),
      zero_bound_(wide_->zero_bound()),
      initial_(static_cast<std::uint64_t>(config.seed), spec.name, config.model.init_stddev),
      rounding_seed_(Mix64(Mix64(static_cast<std::uint64_t>(config.seed), Xxh3(spec.name)),
                           Xxh3("rounding"))) {
  if (spec.wide) FATHOM_CHECK(spec.wide_rule == config.wide.optimizer);
  if (spec.dim > 0) FATHOM_CHECK(spec.deep_rule == config.deep.optimizer);
}

void RowUpdate::Begin(Key key, float* state) const {
  float embedding[kMaxEmbeddingDim];
  initial_.Fill(key, {embedding, dim()});
  BeginWith(0, {embedding, dim()}, state);
}

void RowUpdate::BeginWith(float weight, std::span<const float> embedding, float* state) const {
  FATHOM_CHECK_EQ(embedding.size(), dim());
  if (spec_.wide) {
    std::fill_n(state + 1, TraitsOf(spec_.wide_rule).states(), wide_->initial_state());
    state[0] = wide_->InPlaceOf(weight, state + 1);
  }
  WriteNearest(embedding, state);
  std::fill_n(state + deep_state_at_, spec_.deep_state_floats(), deep_->initial_state());
}

bool RowUpdate::KeepWeight(float weight, float* state) const {
  if (!spec_.wide) return true;
  const auto now = [&] {
    float read = 0;
    ReadWeights({&state, 1}, &read);
    return read;
  };
  if (now() == weight) return true;
  if (weight == 0) {  // under a larger bound: as near to leaving zero as the smaller one lets it be
    const auto bound = std::nextafter(static_cast<float>(zero_bound_), 0.0F);
    state[0] = std::clamp(state[0], -bound, bound);
    return true;
  }
  state[0] = wide_->InPlaceOf(weight, state + 1);
  if (std::isfinite(state[0]) && now() != 0) return true;
  state[0] = 0;
  return false;
}

void RowUpdate::UpdateBfloat16(std::uint64_t step, Key key, std::span<const float> deep,
                               float* state) {
  float embedding[kMaxEmbeddingDim];
  ReadEmbedding(spec_, state, embedding);
  UpdateEmbedding(step, deep, embedding, state + deep_state_at_);
  const std::uint64_t random = Mix64(Mix64(rounding_seed_, key), step);
  WriteEmbedding(spec_, {embedding, dim()}, state, [&](std::size_t i, float value) {
    // Sixteen random bits an element.
    return RandomlyToBfloat16(value,
                              static_cast<std::uint16_t>(Mix64(random + i / 4) >> (16 * (i % 4))));
  });
}

// What a table of this precision would hold.
FATHOM_VECTOR_CLONES
void RowUpdate::FillInitial(Key key, std::span<float> embedding) const {
  initial_.Fill(key, embedding);
  if (spec_.precision == Precision::kFloat32) return;
  for (float& value : embedding) value = RoundedToBfloat16(value);
}

float RowUpdate::Trained(const float* state) const {
  float sum = 0;
  const int wide = TraitsOf(spec_.wide_rule).trained;
  if (spec_.wide && wide >= 0) sum = state[1 + wide];
  const int deep = TraitsOf(spec_.deep_rule).trained;
  if (spec_.dim == 0 || deep < 0) return sum;
  const std::size_t floats = spec_.row_wise ? 1 : dim();
  const float* const sums = state + deep_state_at_ + static_cast<std::size_t>(deep) * floats;
  for (std::size_t i = 0; i < floats; ++i) sum += sums[i];
  return sum;
}

float RowUpdate::Size(const float* state) const {
  float sum = 0;
  if (spec_.wide) {
    ReadWeights({&state, 1}, &sum);
    sum = std::abs(sum);
  }
  float embedding[kMaxEmbeddingDim];
  ReadEmbedding(spec_, state, embedding);
  for (std::size_t i = 0; i < dim(); ++i) sum += embedding[i] * embedding[i];
  return sum;
}

void RowUpdate::WriteNearest(std::span<const float> embedding, float* state) const {
  WriteEmbedding(spec_, embedding, state,
                 [](std::size_t, float value) { return ToBfloat16(value); });
}

}  // namespace fathom
