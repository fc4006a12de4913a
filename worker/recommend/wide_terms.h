// Why an item stands where it stands, as far as the wide part goes: its largest terms, by the
// caller's own texts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/predict/catalogue.h"

namespace fathom {

struct WideTerm {
  std::string name;  // "reader x genres = 58 & fantasy"
  float value = 0;   // what it adds to the logit
};

// Thread rule: one thread's own. The catalogue must outlive it.
class WideTerms {
 public:
  explicit WideTerms(const Catalogue& catalogue);

  // Of an item for a reader (texts by slot, as Recommender::SetReader): the `n` largest by size,
  // largest first, without those that are 0 and those of the reader alone, which are all items'
  // alike. Throws Error(kData): a text that the model cannot read;
  // Error(kNumeric): a weight that is no finite number.
  std::vector<WideTerm> Of(const std::vector<std::string_view>& reader, std::size_t item,
                           std::size_t n);

 private:
  // What a column is for the pair: its values' texts and keys, or its number.
  struct Value {
    std::vector<std::string> texts;
    std::vector<Key> keys;
    std::vector<float> weights;
    float number = 0;
  };

  void Encode(const std::vector<std::string_view>& reader, std::size_t item);
  std::vector<std::string> TextsOf(std::size_t column, std::string_view text);
  void AddField(std::size_t f, std::vector<WideTerm>* terms);
  void AddCross(std::size_t f, const CrossEncoder& cross, std::vector<WideTerm>* terms);
  float Weight(std::size_t f, Key key);

  const Catalogue& catalogue_;
  const Scorer& scorer_;
  std::vector<ColumnEncoder> columns_;
  std::vector<CrossEncoder> crosses_;
  ItemReader items_;
  GivenTexts given_;
  std::vector<Value> values_;  // by column
  PulledRows::Table row_;
};

}  // namespace fathom
