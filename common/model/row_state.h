// A row's state, [TableSpec::state_floats()] floats as they lie in tables and files:
//   weight, its rule's state if wide | embedding, its rule's state if deep | last step, the bits of
//   a u32, if kept
// A rule's state is TraitsOf(rule).states() numbers a weight, or, row-wise, a row; of an embedding
// the first number of all elements, then the second. FTRL keeps z in its weight's place, and n. An
// embedding of bfloat16 takes half the floats: two numbers in each, the first in the lower half; of
// an odd dimension the last upper half is 0.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/bfloat16.h"
#include "common/finite.h"
#include "common/model/model_spec.h"

namespace fathom {

inline std::size_t EmbeddingAt(const TableSpec& table) {
  return static_cast<std::size_t>(table.wide_floats());
}
inline std::size_t DeepStateAt(const TableSpec& table) {
  return EmbeddingAt(table) + static_cast<std::size_t>(table.embedding_floats());
}

inline std::size_t LastStepAt(const TableSpec& table) {
  return DeepStateAt(table) + static_cast<std::size_t>(table.deep_state_floats());
}

// Of a table with last_step.
inline std::uint32_t LastStepOf(const TableSpec& table, const float* state) {
  return std::bit_cast<std::uint32_t>(state[LastStepAt(table)]);
}
inline void SetLastStep(const TableSpec& table, std::uint64_t step, float* state) {
  state[LastStepAt(table)] = std::bit_cast<float>(static_cast<std::uint32_t>(step));
}

// Whether no number of a row is infinite or not a number.
inline bool AllFinite(const TableSpec& table, std::span<const float> state) {
  const auto floats = [&](std::size_t begin, std::size_t end) {
    return state.subspan(begin, end - begin);
  };
  const std::size_t embedding = EmbeddingAt(table), deep = DeepStateAt(table);
  if (!AllFinite(floats(0, embedding)) || !AllFinite(floats(deep, LastStepAt(table)))) return false;
  if (table.precision == Precision::kFloat32) return AllFinite(floats(embedding, deep));
  for (const float pair : floats(embedding, deep)) {
    const auto bits = std::bit_cast<std::uint32_t>(pair);
    for (const std::uint32_t exponent : {0x7F80U, 0x7F800000U})
      if ((bits & exponent) == exponent) return false;
  }
  return true;
}

// `embedding`: [dim].
inline void ReadEmbedding(const TableSpec& table, const float* state, float* embedding) {
  const float* const from = state + EmbeddingAt(table);
  const auto dim = static_cast<std::size_t>(table.dim);
  if (table.precision == Precision::kFloat32) {
    for (std::size_t i = 0; i < dim; ++i) embedding[i] = from[i];
    return;
  }
  for (std::size_t i = 0; i < dim; ++i) {
    const auto pair = std::bit_cast<std::uint32_t>(from[i / 2]);
    embedding[i] = FromBfloat16(static_cast<std::uint16_t>(i % 2 == 0 ? pair : pair >> 16));
  }
}

// `round(i, value)` makes the bfloat16 of element i; not called for float32.
template <typename Round>
void WriteEmbedding(const TableSpec& table, std::span<const float> embedding, float* state,
                    const Round& round) {
  float* const into = state + EmbeddingAt(table);
  if (table.precision == Precision::kFloat32) {
    for (std::size_t i = 0; i < embedding.size(); ++i) into[i] = embedding[i];
    return;
  }
  for (std::size_t i = 0; i < embedding.size(); i += 2) {
    std::uint32_t pair = round(i, embedding[i]);
    if (i + 1 < embedding.size())
      pair |= static_cast<std::uint32_t>(round(i + 1, embedding[i + 1])) << 16;
    into[i / 2] = std::bit_cast<float>(pair);
  }
}

}  // namespace fathom
