// The text of files in blocks of whole records.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "worker/input/block_source.h"
#include "worker/input/input_file.h"
#include "worker/input/text_source.h"
#include "worker/text/separator.h"

namespace fathom {

// Reads files one after another, as text_source.h does. The cuts depend on the files alone. Not
// thread-safe.
class TextBlockReader : public BlockSource {
 public:
  // `quoted_separator`, if there is one: records are RFC 4180 and a quoted field may hold line
  // ends. kAsItComes: a block is the whole records that have come, and Next waits only for the
  // first of them.
  TextBlockReader(std::vector<InputFile> files, Separator quoted_separator,
                  Arrival arrival = Arrival::kWhole);
  ~TextBlockReader() override;

  bool Next(TextBlock* block) override;

  std::uint64_t bytes_read() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fathom
