// The deep part: embeddings and numeric columns through ReLU layers to one output (Cheng et al.
// 2016, section 3.2). Its step weights are those of the layers, transposed.
#include "worker/model/first_layer.h"
#include "worker/model/mlp.h"
#include "worker/model/model_part.h"

namespace fathom {
namespace {

class DeepPart : public ModelPart {
 public:
  DeepPart(const ModelSpec& spec, int slice_size)
      : first_layer_(spec, slice_size), mlp_(spec, slice_size) {}

  void Forward(const SliceInput& input, float* logits) override {
    first_layer_.Forward(input, mlp_.first_output());
    mlp_.Forward(input.rows.dense.data(), input.examples(), logits);
  }

  void Backward(const SliceInput& input, const float* logit_gradients, const float* step_weights,
                const SliceGradients& gradients) override {
    mlp_.Backward(step_weights + first_layer_.transposed_floats(), input.examples(),
                  logit_gradients, gradients.dense);
    first_layer_.Backward(input, step_weights, mlp_.first_gradient(), gradients);
  }

  std::size_t step_weight_floats() const override {
    return first_layer_.transposed_floats() + mlp_.transposed_floats();
  }
  void MakeStepWeights(const float* dense, float* out) const override {
    first_layer_.TransposeWeights(dense, out);
    mlp_.TransposeWeights(dense, out + first_layer_.transposed_floats());
  }

 private:
  FirstLayer first_layer_;
  Mlp mlp_;
};

}  // namespace

template <>
std::unique_ptr<ModelPart> MakePart<ModelPartKind::kDeep>(const ModelSpec& spec, int slice_size) {
  return std::make_unique<DeepPart>(spec, slice_size);
}

}  // namespace fathom
