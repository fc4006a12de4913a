// Packed examples: the binary form into which ingest turns text once (docs/data.md).
//
// A file is a header, then blocks of `kBlockExamples` examples, then an index of blocks; header,
// index and blocks each carry a checksum. In a block all examples' fixed parts come first (one
// record each), then the lists of the multivalent fields. So any example is found at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "common/model/model_spec.h"
#include "worker/data/example_source.h"
#include "worker/data/packed_format.h"

namespace fathom {

class PackedData : public ExampleSource {
 public:
  // Maps the file and checks header and index against the model. Throws Error(kData) where the
  // file is no plain file, not whole, not of this version, of another schema, or of another part of
  // the data: says which and how to mend it.
  PackedData(const std::filesystem::path& path, const ModelSpec& spec,
             DataPart part = DataPart::kTrain);
  ~PackedData() override;

  std::uint64_t examples() const override;
  std::uint64_t positives() const;

  // Wherever the file lies.
  std::string fingerprint() const override;

  // A block is checked against its checksum when it is first touched; a damaged one throws
  // Error(kData) that names file, block and offset.
  ExampleView Example(std::uint64_t index) const;
  ExampleView Example(std::uint64_t index, ExampleScratch*) const override {
    return Example(index);
  }

  std::uint64_t mapped_bytes() const override;
  void Release() const override;

  // Asks for the bytes to be in the processor's cache soon.
  void Prefetch(std::uint64_t index) const override;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
