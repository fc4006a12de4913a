// One column's way from a value's text to its number, its key or its list of keys. Where the column
// has a regular expression, its value is what that picks out of the field.
//
// Missing values: a number that is missing is 0 after its transform (0.5 after "quantiles"), or
// with missing_as = "zero" before it; a categorical value has a key of its own, MissingKey; a
// multivalent one is the empty list.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "worker/feature/extraction.h"
#include "worker/feature/missing_texts.h"
#include "worker/transform/transform.h"

namespace fathom {

// Thread rule: one thread's own, as it keeps the value at hand.
class ColumnEncoder {
 public:
  enum class Form { kNumber, kValue, kList };

  // `slot`: of its text among a record's values. `pairs`: values are written id:number, as libsvm
  // has them. `trims`: blanks around a list's values do not count.
  ColumnEncoder(const ColumnConfig& column, std::size_t slot, bool pairs, bool trims,
                MissingTexts missing, std::shared_ptr<const Transform> transform);

  Form form() const { return form_; }
  bool used() const { return used_; }
  std::size_t slot() const { return slot_; }
  std::uint64_t seed() const { return seed_; }
  bool zero_if_missing() const { return zero_if_missing_; }
  const Transform& transform() const { return *transform_; }

  // Whether it takes the field as it stands, so that NumberBatch and ValueKeys may encode it.
  bool plain() const { return !extraction_ && !transform_->OfText(); }

  // Sets number(), or keys() and weights(), to what the text amounts to. False: *error says what is
  // wrong with it.
  bool Encode(std::string_view text, const LinePlace& line, std::string* error);

  // From now on Encode keeps names() too, as keys(): what each key is called.
  void KeepNames() { keeps_names_ = true; }
  const std::vector<std::string>& names() const { return names_; }

  float number() const { return number_; }
  const std::vector<Key>& keys() const { return keys_; }          // one, if the form is kValue
  const std::vector<float>& weights() const { return weights_; }  // as keys; empty: not weighted

  // Adds the text to the statistics. What cannot be read is left to Encode to report. `label`: the
  // example's, if it has a good one.
  void Observe(std::string_view text, std::uint64_t place, std::optional<std::uint8_t> label,
               ColumnStatistics* statistics) const;

  // The number that the text writes, its log if the column takes one. False: it is none.
  bool ReadNumber(std::string_view text, double* x) const;

 private:
  std::string_view Extracted(std::string_view text) const;
  void ObserveText(std::string_view text, std::uint64_t place, std::optional<std::uint8_t> label,
                   ColumnStatistics* statistics) const;
  bool EncodeNumber(std::string_view text, std::string* error);
  bool EncodeNumberOfText(std::string_view text, const LinePlace& line, std::string* error);
  bool EncodeValue(std::string_view text, std::string* error);
  bool EncodeList(std::string_view text, std::string* error);
  std::string NameOf(std::string_view value, Key key) const;
  bool SingleId(std::string_view* text, std::string* error) const;
  bool ListId(std::string_view* text, float* weight, std::string* error) const;
  template <typename Take>
  bool ForEachInList(std::string_view text, Take take) const;
  std::string_view NumberText(std::string_view text) const;

  Form form_ = Form::kValue;
  bool used_;
  bool zero_if_missing_;
  bool weighted_;
  bool pairs_;
  bool trims_;
  char separator_;  // of a list's values
  std::size_t slot_;
  std::uint64_t seed_;
  NumberSteps steps_;
  std::shared_ptr<const Transform> transform_;
  std::optional<Extraction> extraction_;
  MissingTexts missing_;
  float number_ = 0;
  std::vector<Key> keys_;
  std::vector<float> weights_;
  bool keeps_names_ = false;
  std::vector<std::string> names_;
  std::string name_;
};

}  // namespace fathom
