// Encoded examples in memory, one after another, until they are scored.
#pragma once

#include <string>
#include <vector>

#include "worker/data/example_source.h"
#include "worker/data/packed_examples.h"

namespace fathom {

// Thread rule: one thread's own.
class ExampleList : public ExampleSource {
 public:
  void Add(const EncodedExample& example);

  // Empties it; its memory is kept for the next.
  void Clear();

  std::uint64_t examples() const override { return examples_; }
  std::string fingerprint() const override { return {}; }
  ExampleView Example(std::uint64_t index, ExampleScratch* scratch) const override;
  std::uint64_t mapped_bytes() const override { return 0; }
  void Release() const override {}
  void Prefetch(std::uint64_t) const override {}

 private:
  std::size_t examples_ = 0;
  std::size_t singles_ = 0, numbers_ = 0, lists_ = 0;  // of an example
  std::vector<Key> keys_;
  std::vector<float> numerics_;
  std::vector<std::uint32_t> list_begins_;  // [examples x (lists + 1)], into list_keys_
  std::vector<Key> list_keys_;
  std::vector<float> list_weights_;
};

}  // namespace fathom
