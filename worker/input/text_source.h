// One file's text: decompressed, without a byte order mark.
#pragma once

#include <cstddef>
#include <memory>

#include "worker/input/input_file.h"

namespace fathom {

// Whether a file is there as a whole, or comes as its writer writes it: a pipe.
enum class Arrival { kWhole, kAsItComes };

// What a file is, gzip, zstd or plain text, is told by its first bytes. Not thread-safe.
class TextSource {
 public:
  // Throws Error(kData): it cannot be opened, or is something that is not read (file_kind.h).
  explicit TextSource(const InputFile& file, Arrival arrival = Arrival::kWhole);
  ~TextSource();

  // Reads `bytes` to `to`, or what is left of the file; returns how many came. The first call
  // should ask for enough to know text by (a mebibyte). Throws Error(kData): it cannot be read, is
  // damaged, was cut short, or is no text.
  std::size_t Read(char* to, std::size_t bytes);

  // kAsItComes: reads what has come, up to `bytes`, and waits only where nothing has. 0: the end.
  // The first call waits for a line. What is compressed comes by kArrivedBytes, or to its end.
  static constexpr std::size_t kArrivedBytes = 1 << 16;
  std::size_t ReadArrived(char* to, std::size_t bytes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
