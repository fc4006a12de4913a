// Where blocks of records come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace fathom {

// Text files are cut into blocks of so many bytes; the last record that fits ends a block. The
// statistics of transforms are merged block by block, so their last bits depend on it.
inline constexpr std::size_t kTextBlockBytes = 1 << 20;

// No record is longer, so that places in a block fit into 32 bits.
inline constexpr std::size_t kMaxBlockBytes = std::size_t{1} << 28;

// A stretch of one file that begins and ends with a record.
struct TextBlock {
  std::size_t file = 0;          // among the source's files
  std::uint64_t first_line = 1;  // number of its first line in the file
  bool starts_file = false;      // its first record is the file's first
  std::string text;              // the last record may lack its line end
  // Where the source knows the fields, so many in each record, each with one byte behind it: their
  // cuts, as DelimiterIndex's. A field may hold any byte then.
  std::size_t fields = 0;
  std::vector<std::uint32_t> cuts;
};

// Thread rule: one thread at a time.
class BlockSource {
 public:
  virtual ~BlockSource() = default;

  // False after the last block. The block's memory is used again: a caller that hands the same one
  // in each time pays for it once. Throws Error(kData): a file that cannot be read.
  virtual bool Next(TextBlock* block) = 0;
};

}  // namespace fathom
