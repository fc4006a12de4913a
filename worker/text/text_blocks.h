// The text of files in blocks of whole records.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "worker/input/input_file.h"
#include "worker/text/separator.h"

namespace fathom {

// A stretch of one file that begins and ends with a record.
struct TextBlock {
  std::size_t file = 0;          // among the reader's files
  std::uint64_t first_line = 1;  // number of its first line in the file
  bool starts_file = false;      // its first record is the file's first
  std::string text;              // the last record may lack its line end
};

// Reads files one after another, as text_source.h does. The cuts depend on the files alone. Not
// thread-safe.
class TextBlockReader {
 public:
  // `quoted_separator`, if there is one: records are RFC 4180 and a quoted field may hold line
  // ends.
  TextBlockReader(std::vector<InputFile> files, Separator quoted_separator);
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
