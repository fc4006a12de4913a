// Writes a packed file, block by block.
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

#include "common/xxh3.h"
#include "worker/data/packed_examples.h"
#include "worker/data/packed_format.h"

namespace fathom {

class PackedWriter {
 public:
  // Throws Error(kData) where the file cannot be written.
  PackedWriter(const std::filesystem::path& file, const PackedShape& shape,
               DataPart part = DataPart::kTrain);

  // Records go to the file as they come, without a copy; lists are kept until their block's end.
  void Append(const PackedExamples& more);

  std::uint64_t examples() const { return header_.examples; }
  std::uint64_t positives() const { return header_.positives; }

  // Writes the last block, the index and the header. Without it the file is not whole.
  void Finish();

  // Of the finished file.
  std::string fingerprint() const { return FingerprintOf(header_); }

 private:
  void AppendRecords(const PackedExamples& more, std::size_t first, std::size_t count);
  std::span<const std::byte> Rebased(const PackedExamples& more,
                                     std::span<const std::byte> records);
  void EndBlock();
  void WriteOfBlock(std::span<const std::byte> bytes);
  void Write(const void* data, std::size_t bytes);
  void Pad();

  std::filesystem::path file_;
  std::ofstream out_;
  PackedShape shape_;
  PackedHeader header_;
  std::vector<BlockEntry> index_;
  std::uint64_t offset_ = 0;

  // The block that is being filled: its records are in the file already.
  BlockEntry block_;
  Xxh3Stream checksum_;
  std::vector<Key> list_keys_;
  std::vector<float> list_weights_;
  std::vector<std::byte> rebased_;  // scratch
};

}  // namespace fathom
