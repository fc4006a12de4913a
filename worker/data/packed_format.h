// The bytes of a packed file (docs/data.md):
//
//   file       header | blocks, each at a multiple of 64 bytes | index: a BlockEntry for each block
//   a block    records [examples x record_bytes] | list keys u64[lists] |
//              list weights f32[lists] if weighted
//   a record   keys of single-valued fields u64[] | group u64 if grouped |
//              list begins u32[multivalent fields + 1] | numerics f32[] | weight f32 if the
//              examples have weights | label u8 | zeros up to a multiple of 8 bytes
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/key.h"
#include "common/model/model_spec.h"

namespace fathom {

inline constexpr std::uint64_t kPackedMagic = 0x4B43415048544146;  // "FATHPACK"
inline constexpr std::uint16_t kPackedVersion = 2;
inline constexpr std::size_t kBlockExamples = 4096;
inline constexpr std::size_t kPackedAlignment = 64;

// Which part of the data a file holds.
enum class DataPart : std::uint16_t { kTrain = 0, kValidation = 1, kTest = 2 };
inline constexpr std::string_view kDataPartNames[] = {"train", "validation", "test"};
inline constexpr int kDataParts = 3;

struct PackedHeader {
  std::uint64_t magic = kPackedMagic;
  std::uint16_t version = kPackedVersion;
  DataPart part = DataPart::kTrain;
  std::uint32_t record_bytes = 0;
  std::uint64_t schema = 0;  // PackedShape::schema
  std::uint64_t examples = 0;
  std::uint64_t positives = 0;
  std::uint64_t blocks = 0;
  std::uint64_t index_offset = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t index_checksum = 0;   // XXH3-64
  std::uint64_t header_checksum = 0;  // XXH3-64 of the bytes before it
};
static_assert(sizeof(PackedHeader) == 80);

// What sums up a whole file: the header sums up the index, which sums up every block.
inline std::string FingerprintOf(const PackedHeader& header) {
  return fmt::format("{:016x}", header.header_checksum);
}

struct BlockEntry {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;  // XXH3-64 of the block
  std::uint32_t examples = 0;
  std::uint32_t lists = 0;  // elements of the lists
};
static_assert(sizeof(BlockEntry) == 32);

// Where the parts of a record stand.
struct PackedShape {
  explicit PackedShape(const ModelSpec& spec);

  std::size_t singles = 0;
  std::size_t multivalents = 0;
  std::size_t numerics = 0;
  bool grouped = false;
  bool weighted = false;         // some multivalent field is
  bool example_weights = false;  // each example has a weight
  std::size_t group_offset = 0;
  std::size_t lists_offset = 0;
  std::size_t numerics_offset = 0;
  std::size_t weight_offset = 0;
  std::size_t label_offset = 0;
  std::size_t record_bytes = 0;
  std::uint64_t schema = 0;  // of the fields' names, kinds and order
};

}  // namespace fathom
