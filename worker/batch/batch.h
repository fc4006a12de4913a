// A worker's part of one global batch, or of the evaluation: its examples, the unique keys of each
// table, and where each key occurs.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "worker/batch/unique_keys.h"
#include "worker/data/example_source.h"

namespace fathom {

// The occurrences of one key in one field of one slice. An occurrence is one use of a row by one
// field of one example.
struct Segment {
  std::uint32_t row = 0;    // which of the table's keys
  std::uint32_t slice = 0;  // of the part
  std::uint32_t begin = 0;  // into TableBatch::examples
  std::uint32_t end = 0;
};

// Invariant: keys are unique and ascending; a key's occurrences, and so its segments, ascend.
struct TableBatch {
  std::vector<Key> keys;
  std::vector<std::uint32_t> examples;  // by occurrence, in order of key
  std::vector<float> scales;      // by occurrence: weight, and 1/n of mean pooling; empty: all 1
  std::vector<Segment> segments;  // by slice, field, key
  std::vector<std::uint32_t> segment_begins;  // [slices x fields + 1]
  std::vector<std::uint32_t> key_segments;    // places among the segments, by key
  std::vector<std::uint32_t> key_begins;      // [keys + 1], into key_segments
  std::vector<std::size_t> server_begins;     // [servers + 1], into keys; set when it is pulled

  // How much occurrence o counts.
  float Scale(std::uint32_t o) const { return scales.empty() ? 1.0F : scales[o]; }
};

struct Batch {
  std::uint64_t step = 0;                           // to train, or the version to evaluate
  bool will_push = false;                           // to train
  bool wants_dense = false;                         // its pull asks for the dense parameters too
  std::chrono::steady_clock::time_point pulled_at;  // when its pull was begun
  std::uint32_t first_slice = 0;                    // of the global batch
  std::uint32_t slices = 0;                         // of this part
  std::uint32_t global_slices = 0;
  std::uint32_t slice_size = 0;
  std::uint32_t fields = 0;
  std::uint32_t examples = 0;        // of this part
  std::vector<std::uint8_t> labels;  // [examples]
  std::vector<float> weights;        // [examples], if they have weights
  std::vector<Key> groups;           // [examples], if grouped
  std::vector<float> numerics;       // [examples x numeric fields]
  std::vector<TableBatch> tables;

  // The examples of this part's slice s: [first, second).
  std::pair<std::uint32_t, std::uint32_t> SliceExamples(std::uint32_t s) const {
    const std::uint32_t begin = s * slice_size;
    return {begin, std::min(begin + slice_size, examples)};
  }

  // Places among the table's segments: those of a slice's field, and of a whole slice.
  std::pair<std::uint32_t, std::uint32_t> SegmentsOf(std::size_t table, std::uint32_t slice,
                                                     std::size_t field) const {
    const std::uint32_t* begins =
        tables[table].segment_begins.data() + std::size_t{slice} * fields + field;
    return {begins[0], begins[1]};
  }
  std::pair<std::uint32_t, std::uint32_t> SegmentsOf(std::size_t table, std::uint32_t slice) const {
    const std::uint32_t* begins = tables[table].segment_begins.data() + std::size_t{slice} * fields;
    return {begins[0], begins[fields]};
  }
};

class BatchBuilder {
 public:
  BatchBuilder(const ModelSpec& spec, const ExampleSource& data);

  // Fills everything but the step and the slices' numbers, which must be there already. `index(i)`:
  // which example is the part's i-th. Vectors of `batch` are used again.
  void Fill(std::uint32_t examples, const std::function<std::uint64_t(std::uint32_t)>& index,
            Batch* batch);

 private:
  // What one table's occurrences are, in order of example, field and value.
  struct Occurrences {
    UniqueKeys keys;
    std::vector<std::uint32_t> numbers;  // of the keys
    std::vector<std::uint32_t> examples;
    std::vector<std::uint16_t> fields;
    std::vector<float> scales;  // empty: all 1
    std::size_t count = 0;      // the vectors may be longer

    void Clear();
    void MakeRoom(std::size_t more);
    void Add(Key key, std::uint32_t example, std::size_t field, float scale);
  };

  void AddExample(const ExampleView& view, std::uint32_t example, Batch* batch);
  void AddList(const ExampleView& view, int list, std::size_t field, std::uint32_t example);
  void OrderByKey(Occurrences* occurrences, TableBatch* table);
  void CutIntoSegments(const Batch& batch, TableBatch* table);

  const ModelSpec& spec_;
  const ExampleSource& data_;
  ExampleScratch scratch_;
  std::vector<std::uint64_t> indices_;     // of the batch's examples
  std::vector<Occurrences> occurrences_;   // by table
  std::vector<std::uint32_t> places_;      // a key's place, by number
  std::vector<std::uint32_t> key_begins_;  // [keys + 1], into the occurrences by key
  std::vector<std::uint16_t> fields_;      // by occurrence, in order of key
  std::vector<Segment> by_key_;            // segments in order of key
  std::vector<std::uint32_t> buckets_;     // of those: slice x fields + field
};

}  // namespace fathom
