// What stands between the fields of a record.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "worker/text/token.h"

namespace fathom {

inline constexpr std::string_view kBlanks = "blanks";  // as a setting: any run of blanks and tabs

// Thread rule: immutable.
class Separator {
 public:
  // A place in a text; begin is npos where there is none.
  struct Place {
    std::size_t begin;
    std::size_t end;
  };

  Separator(char one) : text_(one == 0 ? 0 : 1, one) {}  // 0: none, records are whole lines
  explicit Separator(const std::string& text)
      : text_(text == kBlanks ? std::string() : text), blanks_(text == kBlanks) {}

  bool none() const { return text_.empty() && !blanks_; }

  // The one byte that it is; else 0.
  char byte() const { return text_.size() == 1 ? text_.front() : '\0'; }

  // A record does not begin or end with it: it stands between fields that are not empty.
  bool blanks() const { return blanks_; }

  // The next one in text[from, ...).
  Place Find(std::string_view text, std::size_t from) const {
    if (blanks_) {
      const std::size_t begin = text.find_first_of(" \t", from);
      if (begin == kNpos) return {kNpos, kNpos};
      return {begin, std::min(text.find_first_not_of(" \t", begin), text.size())};
    }
    const std::size_t begin =
        text_.size() == 1 ? text.find(text_.front(), from) : text.find(text_, from);
    return {begin, begin == kNpos ? kNpos : begin + text_.size()};
  }

  bool StandsAt(std::string_view text, std::size_t at) const {
    return blanks_ ? at < text.size() && IsBlank(text[at])
                   : text.substr(std::min(at, text.size())).starts_with(text_);
  }

 private:
  std::string text_;  // empty: blanks, or none
  bool blanks_ = false;
};

}  // namespace fathom
