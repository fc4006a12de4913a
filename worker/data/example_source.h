// Examples by number, wherever they come from.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/key.h"

namespace fathom {

// One example, viewed where it lies.
struct ExampleView {
  std::uint8_t label = 0;
  float weight = 1;                 // how often it counts
  Key group = 0;                    // 0 if the data are not grouped
  const float* numerics = nullptr;  // [spec.numerics], after their transforms; missing: 0
  const Key* keys = nullptr;        // the single-valued fields' keys, in order of field
  const std::uint32_t* list_begins = nullptr;  // [multivalent fields + 1], into the block's lists
  const Key* list_keys = nullptr;              // the block's lists
  const float* list_weights = nullptr;         // as list_keys; null where no field is weighted

  // Keys and weights of the m-th multivalent field.
  std::span<const Key> list(int m) const {
    return {list_keys + list_begins[m], list_begins[m + 1] - list_begins[m]};
  }
  const float* weights(int m) const {
    return list_weights == nullptr ? nullptr : list_weights + list_begins[m];
  }
};

// Where a source that does not keep its examples makes one.
struct ExampleScratch {
  std::vector<Key> drawn;  // by column, before the model's choice of them
  std::vector<Key> keys;
  std::vector<float> numerics;
};

// Thread rule: every method from any thread.
class ExampleSource {
 public:
  virtual ~ExampleSource() = default;

  virtual std::uint64_t examples() const = 0;

  // Of the contents: 16 hexadecimal digits. The same for the same examples on every host.
  virtual std::string fingerprint() const = 0;

  // What it shows stays until the scratch is used again. Throws Error(kData) where it is damaged.
  virtual ExampleView Example(std::uint64_t index, ExampleScratch* scratch) const = 0;

  // Of the file that it maps; 0: none.
  virtual std::uint64_t mapped_bytes() const = 0;

  // Gives back the memory of what was read; it is read again where it is asked for.
  virtual void Release() const = 0;

  // The example will be asked for soon.
  virtual void Prefetch(std::uint64_t index) const = 0;
};

}  // namespace fathom
