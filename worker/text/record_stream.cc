#include "worker/text/record_stream.h"

#include <algorithm>

#include "worker/text/csv.h"

namespace fathom {

bool RecordStream::Next(Record* record) {
  if (fields_ > 0) return TakeGiven(record);
  while (at_ < text_.size()) {
    if (separator_ == 0 || !TakeIndexed(record)) TakeScanned(record);
    if (!WithoutLineEnd(record->text).empty()) return true;
    ++blank_lines_;
  }
  return false;
}

bool RecordStream::TakeGiven(Record* record) {
  if (given_cuts_.size() <= fields_) return false;
  const auto cuts = given_cuts_.first(fields_ + 1);
  const std::size_t begin = cuts.front() + std::uint32_t{1};
  *record = {text_.substr(begin, cuts.back() - begin), next_line_++, text_.data(), cuts};
  given_cuts_ = given_cuts_.subspan(fields_);
  return true;
}

// The line at at_, if the index has it whole.
bool RecordStream::TakeIndexed(Record* record) {
  if (next_indexed_ == index_.lines()) {
    index_.Fill(text_, at_, separator_, !quoted_separator_.none());
    next_indexed_ = 0;
    if (index_.lines() == 0) return false;
  }
  const auto cuts = index_.Cuts(next_indexed_++);
  const std::size_t end = cuts.back() + std::size_t{1};
  *record = {text_.substr(at_, end - at_), next_line_++, text_.data(), cuts};
  at_ = end;
  return true;
}

// Leaves no indexed lines behind: TakeIndexed has used them up.
void RecordStream::TakeScanned(Record* record) {
  const std::size_t newline = text_.find('\n', at_);
  std::size_t end = newline == std::string_view::npos ? text_.size() : newline + 1;
  // A record of several lines has a quote in its first.
  if (!quoted_separator_.none() &&
      text_.substr(at_, end - at_).find('"') != std::string_view::npos) {
    end = CsvRecordEnd(text_, at_, quoted_separator_, true);
  }
  *record = {text_.substr(at_, end - at_), next_line_, text_.data(), {}};
  next_line_ +=
      static_cast<std::uint64_t>(std::count(record->text.begin(), record->text.end(), '\n'));
  at_ = end;
}

}  // namespace fathom
