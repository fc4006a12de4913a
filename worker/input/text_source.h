// One file's text: decompressed, without a byte order mark.
#pragma once

#include <cstddef>
#include <memory>

#include "worker/input/input_file.h"

namespace fathom {

// What a file is, gzip, zstd or plain text, is told by its first bytes. Not thread-safe.
class TextSource {
 public:
  // Throws Error(kData): it cannot be opened, or is something that is not read (file_kind.h).
  explicit TextSource(const InputFile& file);
  ~TextSource();

  // Reads `bytes` to `to`, or what is left of the file; returns how many came. The first call
  // should ask for enough to know text by (a mebibyte). Throws Error(kData): it cannot be read, is
  // damaged, was cut short, or is no text.
  std::size_t Read(char* to, std::size_t bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
