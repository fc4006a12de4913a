// The records of one text block, with their line numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "worker/text/delimiter_index.h"
#include "worker/text/input_files.h"

namespace fathom {

struct Record {
  std::string_view text;                // with its line end
  std::uint64_t line = 0;               // of its first line
  const char* block = nullptr;          // what cuts count from
  std::span<const std::uint32_t> cuts;  // as DelimiterIndex::Cuts; empty: not split yet
};

class RecordStream {
 public:
  // `quoted_separator` other than 0: records are RFC 4180. `separator` other than 0: lines that
  // hold no quoted field come with their cuts.
  RecordStream(const TextBlock& block, char quoted_separator, char separator)
      : text_(block.text),
        quoted_separator_(quoted_separator),
        separator_(separator),
        next_line_(block.first_line) {}

  // The next record, blank lines skipped; false at the end. Valid until the next call.
  bool Next(Record* record);

 private:
  bool TakeIndexed(Record* record);
  void TakeScanned(Record* record);

  std::string_view text_;
  char quoted_separator_;
  char separator_;
  std::size_t at_ = 0;
  std::uint64_t next_line_;
  DelimiterIndex index_;
  std::size_t next_indexed_ = 0;  // of the index's lines
};

}  // namespace fathom
