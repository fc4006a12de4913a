#include "worker/record_stream.h"

#include <algorithm>

#include "worker/csv.h"

namespace fathom {

bool RecordStream::Next(std::string_view* record) {
  while (at_ < text_.size()) {
    const std::size_t newline = text_.find('\n', at_);
    std::size_t end = newline == std::string_view::npos ? text_.size() : newline + 1;
    // A record of several lines has a quote in its first.
    if (separator_ != 0 && text_.substr(at_, end - at_).find('"') != std::string_view::npos) {
      end = CsvRecordEnd(text_, at_, separator_, true);
    }
    *record = text_.substr(at_, end - at_);
    line_ = next_line_;
    next_line_ += static_cast<std::uint64_t>(std::count(record->begin(), record->end(), '\n'));
    at_ = end;
    if (!WithoutLineEnd(*record).empty()) return true;
  }
  return false;
}

}  // namespace fathom
