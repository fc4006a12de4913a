// Packed examples: the binary form into which ingest turns text once (docs/data.md).
//
// A file is a header, then blocks of `kBlockExamples` examples, then an index of blocks; header,
// index and blocks each carry a checksum. In a block all examples' fixed parts come first (one
// record each), then the lists of the multivalent fields. So any example is found at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/key.h"
#include "common/model_spec.h"

namespace fathom {

// One example, viewed where it lies in the mapped file.
struct ExampleView {
  std::uint8_t label = 0;
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

class PackedData {
 public:
  // Maps the file and checks header and index against the model. Throws Error(kData) where the
  // file is not whole, not of this version, or of another schema: says which and how to mend it.
  PackedData(const std::filesystem::path& path, const ModelSpec& spec);
  ~PackedData();

  std::uint64_t examples() const;
  std::uint64_t positives() const;

  // Of the contents, wherever the file lies: 16 hexadecimal digits.
  std::string fingerprint() const;

  // Thread-safe. A block is checked against its checksum when it is first touched; a damaged one
  // throws Error(kData) that names file, block and offset.
  ExampleView Example(std::uint64_t index) const;

  // Asks the kernel to have these bytes in the cache soon.
  void Prefetch(std::uint64_t index) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
