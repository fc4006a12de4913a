// Which texts mean that a value is not known.
#pragma once

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace fathom {

class MissingTexts {
 public:
  // `listed`: data.missing.
  explicit MissingTexts(const std::vector<std::string>& listed) {
    std::copy_if(listed.begin(), listed.end(), std::back_inserter(others_),
                 [](const std::string& text) { return !text.empty(); });
  }

  // The empty text always does.
  bool Has(std::string_view text) const {
    return text.empty() ||
           (!others_.empty() && std::find(others_.begin(), others_.end(), text) != others_.end());
  }

  bool only_empty() const { return others_.empty(); }

 private:
  std::vector<std::string> others_;
};

}  // namespace fathom
