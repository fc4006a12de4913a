// From a record's values to an example: transforms, keys, crosses.
//
// Missing values: a number that is missing is 0 after its transform (0.5 after "quantiles"), or
// with missing_as = "zero" before it; a categorical value has a key of its own, MissingKey; a
// multivalent one is the empty list.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "common/config/config.h"
#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/feature/column_statistics.h"
#include "worker/feature/input_schema.h"
#include "worker/feature/numeric_columns.h"
#include "worker/feature/transforms.h"

namespace fathom {

// Thread rule: Encode and Observe keep scratch in the object; each thread has its own.
class FeatureEncoder {
 public:
  FeatureEncoder(const InputSchema& schema, const ModelSpec& spec, const Transforms& transforms);

  // Returns an empty string or what is wrong with the record.
  std::string Encode(const std::vector<std::string_view>& values, EncodedExample* example);

  // Adds a record's values to the statistics of the columns whose transforms learn. By column of
  // the config; `place` is unique to the record. What cannot be read is left to Encode to report.
  void Observe(const std::vector<std::string_view>& values, std::uint64_t place,
               std::vector<ColumnStatistics>* statistics);

  // Completes the statistics, after the last record that goes into them.
  void EndObserving(std::vector<ColumnStatistics>* statistics) { numbers_.MoveTo(statistics); }

  // The slots that Observe looks at.
  std::vector<std::size_t> ObservedSlots() const;

 private:
  enum class Form { kNumber, kValue, kClass, kList };
  struct Column {
    // What every record needs stands first, close together.
    Form form = Form::kValue;
    bool used = false;
    bool zero_if_missing = false;
    bool log = false;
    bool standardises = false;
    bool quantiles = false;
    bool counts_values = false;  // it learns a vocabulary
    bool learns = false;         // it has to see the training part first
    bool learnt = false;         // there is a vocabulary: other values share RareKey
    bool weighted = false;
    char separator = 0;     // of a list's values
    std::size_t slot = 0;   // among the record's values
    std::size_t place = 0;  // of its key, or number, among the example's
    double mean = 0, stddev = 1;
    std::uint64_t seed = 0;
    std::uint64_t hash_buckets = 0;
    std::vector<double> boundaries;  // of classes
    std::unordered_set<Key> vocabulary;
    std::vector<Key> keys;       // of the record at hand
    std::vector<float> weights;  // as keys, if weighted
    std::string name;
  };
  struct Cross {
    std::vector<std::size_t> columns;  // among columns_
    std::uint64_t seed = 0;
    std::uint64_t hash_buckets = 0;
    bool multivalent = false;
  };

  Column MakeColumn(const ColumnConfig& settings, const Transforms& transforms) const;
  void MakeCrosses(const ModelSpec& spec);
  void ChooseBatches();
  bool ReadNumbers(const std::vector<std::string_view>& values);
  bool IsMissing(std::string_view text) const;
  std::string FirstError(const std::vector<std::string_view>& values, EncodedExample* example);
  std::string_view NumberText(std::string_view text) const;
  static double Quantile(const Column& column, double x);
  bool ReadNumber(const Column& column, std::string_view text, double* x) const;
  bool EncodeNumber(const Column& column, std::string_view text, float* value,
                    std::string* error) const;
  bool EncodeColumn(Column* column, std::string_view text, EncodedExample* example,
                    std::size_t* list, std::string* error) const;
  void ObserveValues(Column* column, std::string_view text, ColumnStatistics* statistics) const;
  std::string EncodeKeys(Column* column, std::string_view text) const;
  std::string AddListValue(Column* column, std::string_view text) const;
  std::string SingleId(const Column& column, std::string_view* text) const;
  Key Keyed(const Column& column, std::string_view text) const;
  std::string AddCross(const Cross& cross, EncodedExample* example, std::size_t* list) const;

  const InputSchema& schema_;
  bool pairs_;                        // libsvm, libffm: values come as id:value
  std::vector<std::string> missing_;  // data.missing without the empty text, always missing
  std::vector<Column> columns_;       // as in the config
  // Columns of numbers without classes, all at once, and what else each column needs.
  NumericColumns numbers_;
  std::vector<std::size_t> classes_;  // of numbers_: those whose numbers become quantiles
  std::vector<std::size_t> others_;   // columns in neither batch
  // Columns of single values whose keys are those of their texts, in no cross: all at once.
  std::vector<ValueColumn> values_;
  std::size_t singles_ = 0;
  std::size_t numerics_ = 0;
  std::vector<Cross> crosses_;
  std::size_t multivalents_ = 0;
  std::size_t label_slot_ = 0;
  std::size_t group_slot_ = 0;
  bool grouped_ = false;
  std::uint64_t group_seed_;
};

}  // namespace fathom
