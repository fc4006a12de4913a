// Examples on their way into a packed file: records and lists, grown by one encoder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "common/key.h"
#include "worker/data/packed_format.h"

namespace fathom {

// One example as the encoder makes it; its vectors are used again for the next.
struct EncodedExample {
  std::uint8_t label = 0;
  float weight = 1;  // finite, from 0
  Key group = 0;
  std::vector<float> numerics;
  std::vector<Key> keys;                         // of the single-valued fields
  std::vector<std::vector<Key>> lists;           // by multivalent field
  std::vector<std::vector<float>> list_weights;  // as lists; empty where the field is not weighted
};

// Of examples that have weights; 0 of others.
struct WeightSums {
  double all = 0;
  double positives = 0;

  void Add(const WeightSums& later) {
    all += later.all;
    positives += later.positives;
  }
};

class PackedExamples {
 public:
  explicit PackedExamples(const PackedShape& shape) : shape_(&shape) {}

  void Add(const EncodedExample& example);

  // Empties it; its memory is kept for the next.
  void Clear();

  std::size_t examples() const { return labels_; }
  std::uint64_t positives() const { return positives_; }
  const WeightSums& weights() const { return weights_; }

 private:
  friend class PackedWriter;

  const PackedShape* shape_;
  std::size_t labels_ = 0;
  std::uint64_t positives_ = 0;
  WeightSums weights_;
  std::vector<std::byte> records_;  // list begins count from this object's first list element
  std::vector<Key> list_keys_;
  std::vector<float> list_weights_;
};

}  // namespace fathom
