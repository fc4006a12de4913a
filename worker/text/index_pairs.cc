#include "worker/text/index_pairs.h"

#include <algorithm>

#include "common/error.h"
#include "worker/text/number.h"
#include "worker/text/token.h"

namespace fathom {

bool IsIndex(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
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
  *pair = {token, token.substr(0, first), shaped ? token.substr(first + 1) : std::string_view()};
  if (shaped && IsIndex(pair->first) && ParseNumber(token.substr(last + 1))) return true;
  *error = fmt::format("\"{}\" is no {}", token, shape);
  return false;
}

void NoSuchColumn(const std::filesystem::path& file, const std::string& name,
                  std::string_view columns) {
  Fail(ExitCode::kData,
       "{}: there is no column \"{}\"; the columns are {} (and those of the joined tables): mend "
       "the config's column, label, split_by or group_by",
       file.string(), name, columns);
}

}  // namespace fathom
