// The records of one text block, with their line numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

#include "worker/input/block_source.h"
#include "worker/text/delimiter_index.h"
#include "worker/text/separator.h"

namespace fathom {

struct Record {
  std::string_view text;                // with its line end
  std::uint64_t line = 0;               // of its first line
  const char* block = nullptr;          // what cuts count from
  std::span<const std::uint32_t> cuts;  // as DelimiterIndex::Cuts; empty: not split yet
};

class RecordStream {
 public:
  // `quoted_separator`, if there is one: records are RFC 4180. `separator` other than 0: lines that
  // hold no quoted field come with their cuts.
  RecordStream(const TextBlock& block, Separator quoted_separator, char separator)
      : text_(block.text),
        fields_(block.fields),
        given_cuts_(block.cuts),
        quoted_separator_(std::move(quoted_separator)),
        separator_(separator),
        next_line_(block.first_line) {}

  // The next record, blank lines skipped; false at the end. Valid until the next call. Where the
  // block has the fields, each record has them all, and none is blank.
  bool Next(Record* record);

  // How many blank lines were skipped so far.
  std::uint64_t blank_lines() const { return blank_lines_; }

 private:
  bool TakeGiven(Record* record);
  bool TakeIndexed(Record* record);
  void TakeScanned(Record* record);

  std::string_view text_;
  std::size_t fields_;                         // 0: records are lines
  std::span<const std::uint32_t> given_cuts_;  // else those of the records that are left
  Separator quoted_separator_;
  char separator_;
  std::size_t at_ = 0;
  std::uint64_t next_line_;
  std::uint64_t blank_lines_ = 0;
  DelimiterIndex index_;
  std::size_t next_indexed_ = 0;  // of the index's lines
};

}  // namespace fathom
