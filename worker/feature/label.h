// The label: a column of 0 and 1, or a test on a column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"

namespace fathom {

class LabelTest {
 public:
  // Parses data.label: COLUMN, or COLUMN OP VALUE with OP one of == != < <= > >=; == and != take
  // VALUE|VALUE. Throws Error(kUsage).
  explicit LabelTest(const DataConfig& data);

  const std::string& column() const { return column_; }

  // 0 or 1; nothing where the text is no label, with the reason in *error.
  std::optional<std::uint8_t> Apply(std::string_view text, std::string* error) const;

 private:
  enum class Operator { kNone, kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

  std::string column_;
  Operator operator_ = Operator::kNone;
  std::vector<std::string> values_;  // of == and !=
  double threshold_ = 0;             // of the others
  std::vector<std::string> negative_;
};

}  // namespace fathom
