// Writes a packed file, block by block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <vector>

#include "worker/packed_examples.h"
#include "worker/packed_format.h"

namespace fathom {

class PackedWriter {
 public:
  // Throws Error(kData) where the file cannot be written.
  PackedWriter(const std::filesystem::path& file, const PackedShape& shape);

  void Append(const PackedExamples& more);

  std::uint64_t examples() const { return header_.examples; }
  std::uint64_t positives() const { return header_.positives; }

  // Writes the last block, the index and the header. Without it the file is not whole.
  void Finish();

 private:
  void WriteBlock();
  void Write(const void* data, std::size_t bytes);
  void Pad();

  std::filesystem::path file_;
  std::ofstream out_;
  PackedShape shape_;
  PackedHeader header_;
  std::vector<BlockEntry> index_;
  std::uint64_t offset_ = 0;

  // The block that is being filled.
  std::vector<std::byte> records_;
  std::vector<Key> list_keys_;
  std::vector<float> list_weights_;
  std::uint32_t block_examples_ = 0;
};

}  // namespace fathom
