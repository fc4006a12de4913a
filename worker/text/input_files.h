// The files that globs name, and their text in blocks of whole records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace fathom {

// The pattern that matches this path alone.
std::string GlobOf(const std::filesystem::path& path);

// All files that match, a pattern at a time, each pattern's in order of name. A relative pattern
// starts from `dir`. Throws Error(kData) where a pattern matches nothing.
std::vector<std::filesystem::path> ExpandGlobs(const std::filesystem::path& dir,
                                               const std::vector<std::string>& patterns);

// A stretch of one file that begins and ends with a record.
struct TextBlock {
  std::size_t file = 0;          // among the reader's files
  std::uint64_t first_line = 1;  // number of its first line in the file
  bool starts_file = false;      // its first record is the file's first
  std::string text;              // the last record may lack its line end
};

// Reads files one after another, .gz and .zst decompressed on the way. The cuts depend on the
// files alone. Not thread-safe.
class TextBlockReader {
 public:
  // `separator` other than 0: records are RFC 4180 and a quoted field may hold line ends.
  TextBlockReader(std::vector<std::filesystem::path> files, char separator);
  ~TextBlockReader();

  // False after the last block. The block's memory is used again: a caller that hands the same one
  // in each time pays for it once. Throws Error(kData): a file that cannot be read or decompressed.
  bool Next(TextBlock* block);

  std::uint64_t bytes_read() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
