// The tokens of a line, between blanks and tabs.
#pragma once

#include <algorithm>
#include <string_view>

namespace fathom {

inline constexpr std::size_t kNpos = std::string_view::npos;

inline bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// The next token, which `text` loses; empty at the end.
inline std::string_view NextToken(std::string_view* text) {
  const std::size_t begin = std::min(text->find_first_not_of(" \t"), text->size());
  const std::size_t end = std::min(text->find_first_of(" \t", begin), text->size());
  const std::string_view token = text->substr(begin, end - begin);
  text->remove_prefix(end);
  return token;
}

}  // namespace fathom
