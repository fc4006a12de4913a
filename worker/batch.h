// A worker's part of one global batch, or of the evaluation: its examples, the unique keys of each
// table, and where each key occurs.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "common/key.h"
#include "common/model_spec.h"
#include "worker/packed_data.h"

namespace fathom {

// Invariant: keys are unique and ascending; each key's occurrences ascend.
// An occurrence is one use of a row by one field of one example. Occurrences are numbered example
// by example, inside an example in order of field.
struct TableBatch {
  std::vector<Key> keys;
  std::vector<std::uint32_t> key_begins;   // [keys + 1], into occurrences
  std::vector<std::uint32_t> occurrences;  // numbers, by key
  std::vector<std::uint32_t> rows;         // by occurrence: which of the keys
  std::vector<std::uint32_t> example;      // by occurrence
  std::vector<std::uint16_t> field;        // by occurrence
  std::vector<float> scale;  // by occurrence: weight, and 1/n of mean pooling; empty: all 1
  std::vector<std::uint32_t> example_begins;  // [examples + 1], into the occurrences' numbers
};

struct Batch {
  std::uint64_t step = 0;
  std::uint32_t first_slice = 0;  // of the global batch
  std::uint32_t slices = 0;       // of this part
  std::uint32_t global_slices = 0;
  std::uint32_t slice_size = 0;
  std::uint32_t examples = 0;        // of this part
  std::vector<std::uint8_t> labels;  // [examples]
  std::vector<Key> groups;           // [examples], if grouped
  std::vector<float> numerics;       // [examples x numeric fields]
  std::vector<TableBatch> tables;

  // The examples of this part's slice s: [first, second).
  std::pair<std::uint32_t, std::uint32_t> SliceExamples(std::uint32_t s) const {
    const std::uint32_t begin = s * slice_size;
    return {begin, std::min(begin + slice_size, examples)};
  }
};

class BatchBuilder {
 public:
  BatchBuilder(const ModelSpec& spec, const PackedData& data) : spec_(spec), data_(data) {}

  // Fills everything but the step and the slices' numbers. `index(i)`: which example is the part's
  // i-th. Vectors of `batch` are used again.
  void Fill(std::uint32_t examples, const std::function<std::uint64_t(std::uint32_t)>& index,
            Batch* batch);

 private:
  struct KeyAt {
    Key key;
    std::uint32_t occurrence;
  };
  void AddExample(const ExampleView& view, std::uint32_t example, Batch* batch);
  void AddOccurrence(const Field& field, std::size_t field_index, std::uint32_t example, Key key,
                     float scale, Batch* batch);
  void MakeUnique(std::size_t table, TableBatch* batch);
  void SortByKey(std::vector<KeyAt>* pairs);

  const ModelSpec& spec_;
  const PackedData& data_;
  std::vector<std::uint64_t> indices_;     // of the batch's examples
  std::vector<std::vector<KeyAt>> pairs_;  // by table
  std::vector<KeyAt> sorted_;
};

}  // namespace fathom
