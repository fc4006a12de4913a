// A test on a column, as data.label and data.filter write it: COLUMN OP VALUE with OP one of
// == != < <= > >=; == and != take VALUE|VALUE. Without OP it is the bare column.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/feature/missing_texts.h"

namespace fathom {

// Thread rule: immutable once made.
class ColumnTest {
 public:
  // `setting`: which one it is of, for errors: "data.label". Throws Error(kUsage): no column, or a
  // value that should be a number and is none.
  ColumnTest(const std::string& text, const std::string& setting);

  enum class Operator { kNone, kEqual, kNotEqual, kLess, kLessEqual, kGreater, kGreaterEqual };

  const std::string& column() const { return column_; }
  Operator op() const { return operator_; }
  bool compares_texts() const {
    return operator_ == Operator::kEqual || operator_ == Operator::kNotEqual;
  }

  // Whether the test names the text itself, as one of its VALUEs.
  bool Lists(std::string_view text) const;

  // Whether the text passes; nothing where a number is asked for and the text is none. Not of a
  // bare column.
  std::optional<bool> Passes(std::string_view text) const;

 private:
  std::string column_;
  Operator operator_ = Operator::kNone;
  std::vector<std::string> values_;  // of == and !=
  double threshold_ = 0;             // of the others
};

}  // namespace fathom
