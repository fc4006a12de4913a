// A score taken apart: what each value of an example adds to its logit.
//
//   logit = bias + wide terms + deep shares + the deep part's biases + FM shares
//
// The deep part is linear where it stands, as its layers are ReLU: it is the sum of input times
// gradient over its inputs, and of bias times gradient over its biases (Shrikumar et al. 2016,
// arXiv:1605.01713, section 3). Of the FM term, a form of second degree, half of embedding times
// gradient is an embedding's.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"
#include "worker/feature/column_encoder.h"
#include "worker/feature/cross_encoder.h"
#include "worker/model/model_part.h"
#include "worker/predict/example_list.h"
#include "worker/predict/scorer.h"

namespace fathom {

// A value of a field: a row, or none.
struct ExplainedValue {
  std::string name;  // what the model takes its text for, as "fantasy", "[18, 25)", "(missing)"
  Key key = 0;
  bool has_row = false;  // without one all below is 0
  float scale = 1;       // how much it counts: its weight, and its share in a mean
  float wide_weight = 0;
  float norm = 0;   // of its embedding, Euclidean
  double wide = 0;  // what it adds to the logit: scale x wide_weight
  double deep = 0;  // the same through the deep part
  double fm = 0;    // the same through the FM term

  double Sum() const { return wide + deep + fm; }
};

// A sparse field of the model.
struct ExplainedField {
  std::string name;
  std::string text;  // of its column, as given or looked up; a cross has none
  bool is_cross = false;
  bool is_wide = false;                // the wide part has weights of it
  bool is_deep = false;                // it has embeddings
  std::vector<ExplainedValue> values;  // in the text's order, each once
};

// A numeric input of the model.
struct ExplainedNumber {
  std::string name;
  std::string text;
  float value = 0;  // what its transform makes of the text
  bool is_wide = false;
  bool is_deep = false;
  double wide = 0;  // what it adds to the logit
  double deep = 0;

  double Sum() const { return wide + deep; }
};

struct Explanation {
  bool has_fm = false;
  float logit = 0;  // the bits of `fathom predict --logits`
  double bias = 0;
  double deep_biases = 0;  // of all layers
  std::vector<ExplainedField> fields;
  std::vector<ExplainedNumber> numbers;

  // Of all parts: the logit, but for rounding.
  double Sum() const;
};

// Thread rule: one thread's own. The scorer must outlive it.
class Explainer {
 public:
  explicit Explainer(const Scorer& scorer);

  // `texts`: by slot of the schema, all there, as RecordReader::values(). Throws Error(kData): a
  // text that the model cannot read.
  Explanation Explain(const std::vector<std::string_view>& texts);

  // The same of an example that a caller gives, null texts where it gives none.
  Explanation ExplainGiven(std::span<const std::string_view> texts);

 private:
  // Of the logit, by what one part reads.
  struct PartGradients {
    std::vector<SegmentGradients> rows;  // by table
    std::vector<float> dense;
  };

  void Encode(const std::vector<std::string_view>& texts);
  PartGradients GradientsOf(ModelPart& part);  // after its Forward
  void AddField(std::size_t f, const std::string& text, const std::vector<Key>& keys,
                const std::vector<std::string>& names, Explanation* to) const;
  void AddNumber(std::size_t n, const std::string& text, Explanation* to) const;
  double RowShare(std::size_t table, std::uint32_t segment, const PartGradients& gradients) const;

  const Scorer& scorer_;
  const ModelSpec& spec_;
  FeatureEncoder encoder_;
  EncodedExample example_;
  GivenTexts given_;
  std::vector<ColumnEncoder> columns_;
  std::vector<CrossEncoder> crosses_;
  std::vector<std::unique_ptr<ModelPart>> parts_;
  ExampleList list_;
  BatchBuilder builder_;
  Batch batch_;
  PulledRows rows_;
  PartGradients deep_, fm_;
};

}  // namespace fathom
