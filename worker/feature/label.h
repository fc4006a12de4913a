// The label: a column of 0 and 1, or a test on a column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/feature/column_test.h"

namespace fathom {

class LabelTest {
 public:
  // Of data.label. Throws Error(kUsage).
  explicit LabelTest(const DataConfig& data);

  const std::string& column() const { return test_.column(); }

  // 0 or 1; nothing where the text is no label, with the reason in *error. A text that means
  // "missing" is none, unless data.label or data.label_negative names it.
  std::optional<std::uint8_t> Apply(std::string_view text, std::string* error) const;

 private:
  bool Named(std::string_view text) const;

  ColumnTest test_;
  std::vector<std::string> negative_;
  MissingTexts missing_;
};

}  // namespace fathom
