#include "worker/format/index_pairs.h"

#include <algorithm>

#include "common/error.h"
#include "worker/text/number.h"
#include "worker/text/token.h"

namespace fathom {

namespace {

bool AreAllDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// An index without zeros before it: 07 is 7.
std::string_view Canonical(std::string_view index) {
  return index.substr(std::min(index.find_first_not_of('0'), index.size() - 1));
}

}  // namespace

bool IsIndex(std::string_view text) { return AreAllDigits(text) && Canonical(text) == text; }

bool HasNoPairs(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r\n");
  return begin == kNpos || line[begin] == '#';
}

std::string_view TakeGroup(std::string_view* line) {
  constexpr std::string_view kGroup = "qid:";
  std::string_view rest = *line;
  const std::string_view token = NextToken(&rest);
  if (!token.starts_with(kGroup)) return {};
  *line = rest;
  return token.substr(kGroup.size());
}

std::string_view TakeLabel(std::string_view* line) {
  std::string_view rest = *line;
  const std::string_view label = NextToken(&rest);
  if (label.find(':') != std::string_view::npos) return {};
  *line = rest;
  return label;
}

bool NextIndexPair(std::string_view* line, std::string_view shape, IndexPair* pair,
                   std::string* error) {
  const std::string_view token = NextToken(line);
  // svm-light's files have comments.
  if (token.empty() || token.front() == '#') return false;
  const std::size_t first = token.find(':');
  const std::size_t last = token.rfind(':');
  const bool one_colon = shape.find(':') == shape.rfind(':');
  const bool shaped = first != std::string_view::npos && (one_colon ? last == first : last > first);
  const std::string_view index = token.substr(0, first);
  const std::string_view middle =
      one_colon || !shaped ? std::string_view() : token.substr(first + 1, last - first - 1);
  if (shaped && AreAllDigits(index) && ParseNumber(token.substr(last + 1))) {
    *pair = {.token = token.substr(first - Canonical(index).size()),
             .first = Canonical(index),
             .rest = token.substr(first + 1)};
    if (AreAllDigits(middle)) pair->rest.remove_prefix(middle.size() - Canonical(middle).size());
    return true;
  }
  *error = fmt::format("\"{}\" is no {}", token, shape);
  return false;
}

void NoSuchColumn(const std::string& file, const std::string& name, std::string_view columns) {
  Fail(ExitCode::kData,
       "{}: there is no column \"{}\"; the columns are {} (and those of the joined tables): mend "
       "the config's column, label, split_by or group_by",
       file, name, columns);
}

}  // namespace fathom
