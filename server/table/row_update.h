// What a table's rows begin with and how gradients change them: the update rules of the wide weight
// and of the embedding at their places in a row's state (row_state.h), and the rounding of
// embeddings that are kept in bfloat16.
//
// Knows nothing of where rows lie. Thread rule: the server's thread.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>

#include "common/config/config.h"
#include "common/key.h"
#include "common/model/model_spec.h"
#include "server/table/initial_embedding.h"
#include "server/update_rule/update_rule.h"

namespace fathom {

class RowUpdate {
 public:
  RowUpdate(const TableSpec& spec, const Config& config);

  // `state`: zeros. Makes it that of a new row of the key.
  void Begin(Key key, float* state) const;

  // The same with this weight and embedding ([dim]).
  void BeginWith(float weight, std::span<const float> embedding, float* state) const;

  // Changes what stands in the weight's place so that it gives this weight beside the state that is
  // there. False where nothing does: the weight is 0 then.
  bool KeepWeight(float weight, float* state) const;

  // One update of the key's row. `deep`: the embedding's gradient, [dim].
  void Update(std::uint64_t step, Key key, float wide, std::span<const float> deep, float* state) {
    if (spec_.wide) wide_->Update(step, {&wide, 1}, state, state + 1, 1);
    if (spec_.dim == 0) return;
    if (spec_.precision == Precision::kBfloat16) return UpdateBfloat16(step, key, deep, state);
    UpdateEmbedding(step, deep, state + embedding_at_, state + deep_state_at_);
  }

  // The updates from now on are with this share of the learning rates.
  void TakeShareOfRate(double share) {
    wide_->TakeShareOfRate(share);
    deep_->TakeShareOfRate(share);
  }

  // Of a null row 0.
  void ReadWeights(std::span<const float* const> states, float* weights) const {
    wide_->ReadWeights(states, weights);
  }

  // Whether the row has a wide weight and it is 0.
  bool HasZeroWeight(const float* state) const {
    return spec_.wide && std::abs(state[0]) <= zero_bound_;
  }

  // The embedding that a new row of the key would hold.
  void FillInitial(Key key, std::span<float> embedding) const;

  // How much the row was trained, by the squared gradients in its rules' state.
  float Trained(const float* state) const;

  // |weight| + squared norm of the embedding.
  float Size(const float* state) const;

 private:
  void UpdateEmbedding(std::uint64_t step, std::span<const float> deep, float* embedding,
                       float* deep_state) {
    if (spec_.row_wise) {
      deep_->UpdateRow(step, deep, embedding, deep_state);
    } else {
      deep_->Update(step, deep, embedding, deep_state, dim());
    }
  }
  void UpdateBfloat16(std::uint64_t step, Key key, std::span<const float> deep, float* state);
  void WriteNearest(std::span<const float> embedding, float* state) const;
  std::size_t dim() const { return static_cast<std::size_t>(spec_.dim); }

  TableSpec spec_;
  std::size_t embedding_at_;
  std::size_t deep_state_at_;
  std::unique_ptr<UpdateRule> wide_;
  std::unique_ptr<UpdateRule> deep_;
  double zero_bound_;
  InitialEmbedding initial_;
  std::uint64_t rounding_seed_;
};

}  // namespace fathom
