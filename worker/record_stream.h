// The records of one text block, with their line numbers.
#pragma once

#include <cstdint>
#include <string_view>

#include "worker/input_files.h"

namespace fathom {

class RecordStream {
 public:
  // `separator` other than 0: records are RFC 4180.
  RecordStream(const TextBlock& block, char separator)
      : text_(block.text), separator_(separator), next_line_(block.first_line) {}

  // The next record, blank lines skipped; false at the end.
  bool Next(std::string_view* record);

  std::uint64_t line() const { return line_; }  // of the record's first line

 private:
  std::string_view text_;
  char separator_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 0;
  std::uint64_t next_line_;
};

}  // namespace fathom
