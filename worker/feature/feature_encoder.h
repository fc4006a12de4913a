// From a record's values to an example: numbers, keys, crosses, label.
//
// Where a text may mean one thing only, most columns are encoded together: numeric columns by
// NumberBatch, single values whose key is the hash of their text by ValueKeys. The others, and all
// columns of a record whose numbers turn out bad, are encoded one at a time by ColumnEncoder.
#pragma once

#include <string>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/data/packed_examples.h"
#include "worker/feature/column_encoder.h"
#include "worker/feature/cross_encoder.h"
#include "worker/feature/input_schema.h"
#include "worker/feature/name_list.h"
#include "worker/feature/number_batch.h"
#include "worker/transform/learnt_transform.h"

namespace fathom {

// The encoder of column number `column` of the schema's config, and those of all, in its order.
ColumnEncoder MakeColumnEncoder(const InputSchema& schema, const ColumnTransforms& transforms,
                                std::size_t column);
std::vector<ColumnEncoder> MakeColumnEncoders(const InputSchema& schema,
                                              const ColumnTransforms& transforms);

// Those of the config's crosses, in order: the last fields of the model.
std::vector<CrossEncoder> MakeCrossEncoders(const Config& config, const ModelSpec& spec);

// Thread rule: Encode and Observe keep scratch in the object; each thread has its own.
class FeatureEncoder {
 public:
  // `names`, if it is not null, is what NameExample adds to.
  FeatureEncoder(const InputSchema& schema, const ModelSpec& spec,
                 const ColumnTransforms& transforms, NameList* names = nullptr);
  // With transforms of its own.
  FeatureEncoder(const InputSchema& schema, const ModelSpec& spec, const LearntTransforms& learnt)
      : FeatureEncoder(schema, spec, ColumnTransforms(schema.config().columns, learnt)) {}
  FeatureEncoder(const FeatureEncoder&) = delete;  // the batch points to the columns
  FeatureEncoder& operator=(const FeatureEncoder&) = delete;

  // Returns an empty string or what is wrong with the record.
  std::string Encode(const std::vector<std::string_view>& values, EncodedExample* example,
                     const LinePlace& line = {});

  // Adds the names of all keys of the example that Encode has just made.
  void NameExample(const EncodedExample& example);

  // Empty statistics of the columns whose transforms learn.
  StatisticsByColumn NewStatistics() const;

  // Adds a record's values to the statistics. `place` is unique to the record. What cannot be read
  // is left to Encode to report.
  void Observe(const std::vector<std::string_view>& values, std::uint64_t place,
               StatisticsByColumn* statistics);

  // Completes the statistics, after the last record that goes into them.
  void EndObserving(StatisticsByColumn* statistics) { numbers_.EndObserving(statistics); }

  // The slots that Observe looks at.
  std::vector<std::size_t> ObservedSlots() const;

 private:
  void ChooseBatches(bool batches);
  bool EncodeColumn(std::size_t column, std::string_view text, const LinePlace& line,
                    EncodedExample* example, std::size_t* list, std::string* error);
  void WriteNumbers(std::vector<float>* numbers);
  std::string ReadWeight(std::string_view text, float* weight) const;
  std::string FirstError(const std::vector<std::string_view>& values, EncodedExample* example);

  const InputSchema& schema_;
  NameList* names_;
  std::vector<std::string> cross_names_;
  std::vector<ColumnEncoder> columns_;  // as in the config
  std::vector<std::size_t> places_;     // of a column's key, or number, among the example's
  std::vector<CrossEncoder> crosses_;
  NumberBatch numbers_;
  std::vector<std::size_t> number_places_;  // of the batch's, among the example's numbers
  std::vector<float> batch_numbers_;
  std::vector<ValueColumn> values_;    // single values in a batch
  std::vector<std::size_t> others_;    // columns in neither batch
  std::vector<std::size_t> learners_;  // of these, those that learn
  bool learns_from_labels_ = false;
  std::size_t singles_ = 0;
  std::size_t numerics_ = 0;
  std::size_t multivalents_ = 0;
  std::size_t label_slot_ = 0;
  std::size_t weight_slot_ = 0;
  std::size_t group_slot_ = 0;
  bool has_weight_;  // data.weight names a column
  bool grouped_;
  std::uint64_t group_seed_;
};

}  // namespace fathom
