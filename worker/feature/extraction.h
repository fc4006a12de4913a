// column.extract: the part of a field that a regular expression picks out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace fathom {

// Thread rule: any thread, but threads that share one wait for each other now and then.
class Extraction {
 public:
  // `column`: its name, for errors. Throws Error(kUsage) with the place in the expression where it
  // is wrong.
  Extraction(const std::string& expression, const std::string& column);

  // What the expression's first group matches in the text, or all that it matches if it has no
  // group. Empty where it does not match, or the group has no part in the match.
  std::string_view Of(std::string_view text) const;

 private:
  std::shared_ptr<const re2::RE2> expression_;
};

}  // namespace fathom
