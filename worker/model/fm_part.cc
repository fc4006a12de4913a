// The second-order term of a factorization machine (Rendle 2010, eq. 1) over the fields' pooled
// embeddings, as in DeepFM (Guo et al. 2017, eq. 2):
//
//   logit += sum over fields i < j of <e_i, e_j>  =  sum over j of <e_i summed over i < j, e_j>
//
// The right side takes one pass over the fields; unlike Rendle's half of a difference of squares
// it subtracts nothing, so nothing cancels. With s = sum of all e_f: d logit / d e_f = s - e_f.
// It has no parameters of its own: the embeddings are those of the deep part.
//
// Order of every sum: fields in order; inside a field by key, inside a key by example; the elements
// of an embedding last.
#include <algorithm>
#include <cstddef>

#include "common/vector_clones.h"
#include "worker/model/model_part.h"
#include "worker/model/scaled_add.h"

namespace fathom {
namespace {

// products += sums * x, then sums += x: the pairs of x with all fields before it.
FATHOM_VECTOR_CLONES
void AddPairs(const float* __restrict x, std::size_t n, float* __restrict products,
              float* __restrict sums) {
  std::size_t i = 0;
  for (; i + kVectorBlock <= n; i += kVectorBlock) {
    for (std::size_t j = i; j < i + kVectorBlock; ++j) {
      products[j] += sums[j] * x[j];
      sums[j] += x[j];
    }
  }
  for (; i < n; ++i) {
    products[i] += sums[i] * x[i];
    sums[i] += x[i];
  }
}

// y += scale * (sum - x)
FATHOM_VECTOR_CLONES
void AddScaledDifference(float scale, const float* __restrict sum, const float* __restrict x,
                         std::size_t n, float* __restrict y) {
  std::size_t i = 0;
  for (; i + kVectorBlock <= n; i += kVectorBlock) {
    for (std::size_t j = i; j < i + kVectorBlock; ++j) y[j] += scale * (sum[j] - x[j]);
  }
  for (; i < n; ++i) y[i] += scale * (sum[i] - x[i]);
}

class FmPart : public ModelPart {
 public:
  FmPart(const ModelSpec& spec, int slice_size) {
    for (std::size_t f = 0; f < spec.fields.size(); ++f) {
      const Field& field = spec.fields[f];
      if (field.dim == 0) continue;
      dim_ = static_cast<std::size_t>(field.dim);
      const std::size_t pooled =
          field.multivalent ? static_cast<std::size_t>(slice_size) * dim_ : 0;
      fields_.push_back({.place = f,
                         .table = static_cast<std::size_t>(field.table),
                         .multivalent = field.multivalent,
                         .pooled = AlignedVector<float>(pooled)});
    }
    sums_.resize(static_cast<std::size_t>(slice_size) * dim_);
    products_.resize(sums_.size());
  }

  void Forward(const SliceInput& input, float* logits) override {
    const std::size_t m = input.examples();
    std::fill_n(sums_.data(), m * dim_, 0.0F);
    std::fill_n(products_.data(), m * dim_, 0.0F);
    for (FmField& field : fields_) {
      if (field.multivalent) {
        Pool(input, &field);
        for (std::size_t e = 0; e < m; ++e) AddExample(field.pooled.data() + e * dim_, e);
      } else {
        ForEachOccurrence(input, field, [&](std::size_t e, float, const float* row, std::uint32_t) {
          AddExample(row, e);
        });
      }
    }
    for (std::size_t e = 0; e < m; ++e) {
      float sum = 0;
      for (std::size_t i = 0; i < dim_; ++i) sum += products_[e * dim_ + i];
      logits[e] += sum;
    }
  }

  void Backward(const SliceInput& input, const float* logit_gradients, const float*,
                const SliceGradients& gradients) override {
    for (const FmField& field : fields_) {
      float* const out = gradients.rows[field.table].deep.data();
      ForEachOccurrence(
          input, field, [&](std::size_t e, float scale, const float* row, std::uint32_t segment) {
            const float* pooled = field.multivalent ? field.pooled.data() + e * dim_ : row;
            AddScaledDifference(scale * logit_gradients[e], sums_.data() + e * dim_, pooled, dim_,
                                out + segment * dim_);
          });
    }
  }

 private:
  struct FmField {
    std::size_t place = 0;  // among the spec's fields
    std::size_t table = 0;
    bool multivalent = false;
    AlignedVector<float>
        pooled;  // [examples x dim] of the last Forward, if multivalent; else a row
  };

  // use(example of the slice, scale, row, segment), by key, inside a key by example.
  template <typename Use>
  void ForEachOccurrence(const SliceInput& input, const FmField& field, Use use) const {
    const TableBatch& table = input.batch.tables[field.table];
    const float* rows = input.rows.tables[field.table].deep.data();
    const std::uint32_t first_example = input.first_example();
    const auto [begin, end] = input.batch.SegmentsOf(field.table, input.slice, field.place);
    for (std::uint32_t s = begin; s < end; ++s) {
      const Segment& segment = table.segments[s];
      const float* row = rows + segment.row * dim_;
      for (std::uint32_t o = segment.begin; o < segment.end; ++o)
        use(table.examples[o] - first_example, table.Scale(o), row, s);
    }
  }

  FATHOM_VECTOR_CLONES
  void Pool(const SliceInput& input, FmField* field) const {
    float* const pooled = field->pooled.data();
    std::fill_n(pooled, input.examples() * dim_, 0.0F);
    ForEachOccurrence(input, *field,
                      [&](std::size_t e, float scale, const float* row, std::uint32_t) {
                        AddScaled(scale, row, dim_, pooled + e * dim_);
                      });
  }

  void AddExample(const float* embedding, std::size_t e) {
    AddPairs(embedding, dim_, products_.data() + e * dim_, sums_.data() + e * dim_);
  }

  std::size_t dim_ = 0;
  std::vector<FmField> fields_;
  AlignedVector<float> sums_;      // [examples x dim], of the last Forward
  AlignedVector<float> products_;  // [examples x dim]
};

}  // namespace

template <>
std::unique_ptr<ModelPart> MakePart<ModelPartKind::kFm>(const ModelSpec& spec, int slice_size) {
  return std::make_unique<FmPart>(spec, slice_size);
}

}  // namespace fathom
