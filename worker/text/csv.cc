#include "worker/text/csv.h"

#include <fmt/format.h>

#include <algorithm>

namespace fathom {
namespace {

constexpr std::size_t kMaxQuotedBytes = 1 << 20;

// The place of the quote that closes the field whose opening quote stands at `open`; npos if none.
std::size_t ClosingQuote(std::string_view text, std::size_t open) {
  std::size_t at = open + 1;
  for (;;) {
    at = text.find('"', at);
    if (at == kNpos) return kNpos;
    if (at + 1 >= text.size() || text[at + 1] != '"') return at;
    at += 2;
  }
}

// The record without its line end, and without blanks around it where they stand between fields.
std::string_view Unpadded(std::string_view record, const Separator& separator) {
  record = WithoutLineEnd(record);
  return separator.blanks() ? TrimmedField(record) : record;
}

}  // namespace

std::size_t CsvRecordEnd(std::string_view text, std::size_t begin, const Separator& separator,
                         bool at_end) {
  if (begin >= text.size()) return kNpos;
  const std::size_t first_newline = text.find('\n', begin);
  const std::size_t first_line_end =
      first_newline == kNpos ? (at_end ? text.size() : kNpos) : first_newline + 1;
  std::size_t at = begin;
  while (separator.blanks() && at < text.size() && IsBlank(text[at])) ++at;
  for (;;) {
    if (at < text.size() && text[at] == '"') {
      const std::size_t close =
          ClosingQuote(text.substr(0, std::min(text.size(), at + kMaxQuotedBytes)), at);
      if (close == kNpos) {
        const bool forgotten = at_end || text.size() - at >= kMaxQuotedBytes;
        return forgotten ? first_line_end : kNpos;
      }
      // The text may end here by chance, between the two quotes of a doubled one.
      if (close + 1 >= text.size() && !at_end) return kNpos;
      at = close + 1;
    }
    const std::size_t newline = text.find('\n', at);
    const Separator::Place next = separator.Find(text, at);
    if (next.begin == kNpos || (newline != kNpos && newline < next.begin)) {
      if (newline != kNpos) return newline + 1;
      return at_end ? text.size() : kNpos;
    }
    at = next.end;
  }
}

std::string_view TrimmedField(std::string_view field) {
  while (!field.empty() && IsBlank(field.front())) field.remove_prefix(1);
  while (!field.empty() && IsBlank(field.back())) field.remove_suffix(1);
  return field;
}

std::string_view WithoutLineEnd(std::string_view record) {
  if (!record.empty() && record.back() == '\n') record.remove_suffix(1);
  while (!record.empty() && record.back() == '\r') record.remove_suffix(1);
  return record;
}

std::string SplitCsv(std::string_view record, const Separator& separator, bool trim,
                     std::vector<std::string_view>* fields, std::string* unescaped) {
  record = Unpadded(record, separator);
  fields->clear();
  unescaped->clear();
  // Never reallocated below: the fields are views into it.
  if (record.find('"') != kNpos) unescaped->reserve(record.size());
  const auto skip_blanks = [&](std::size_t at) {
    while (trim && at < record.size() && IsBlank(record[at]) && !separator.StandsAt(record, at))
      ++at;
    return at;
  };
  for (std::size_t at = 0;;) {
    std::size_t begin = skip_blanks(at);
    if (begin < record.size() && record[begin] == '"') {
      const std::size_t close = ClosingQuote(record, begin);
      if (close == kNpos)
        return fmt::format("field {} opens a quote that is never closed", fields->size() + 1);
      const std::size_t start = unescaped->size();
      for (std::size_t i = begin + 1; i < close; ++i) {
        unescaped->push_back(record[i]);
        if (record[i] == '"') ++i;
      }
      fields->push_back(std::string_view(*unescaped).substr(start));
      at = skip_blanks(close + 1);
      if (at >= record.size()) return {};
      if (!separator.StandsAt(record, at))
        return fmt::format("field {} goes on after its closing quote", fields->size());
      at = separator.Find(record, at).end;
      continue;
    }
    const Separator::Place next = separator.Find(record, at);
    const std::size_t end = std::min(next.begin, record.size());
    const std::string_view field = record.substr(begin, end - std::min(begin, end));
    if (field.find('"') != kNpos) {
      return fmt::format(
          "field {} has a quote inside: quote the whole field and double the quote, or say "
          "quote = \"none\" if quotes mean nothing in this file",
          fields->size() + 1);
    }
    fields->push_back(trim ? TrimmedField(field) : field);
    if (next.begin == kNpos) return {};
    at = next.end;
  }
}

void SplitUnquoted(std::string_view record, const Separator& separator, bool trim,
                   std::vector<std::string_view>* fields) {
  record = Unpadded(record, separator);
  fields->clear();
  for (std::size_t at = 0;;) {
    const Separator::Place next = separator.Find(record, at);
    const std::string_view field = record.substr(at, std::min(next.begin, record.size()) - at);
    fields->push_back(trim ? TrimmedField(field) : field);
    if (next.begin == kNpos) return;
    at = next.end;
  }
}

}  // namespace fathom
