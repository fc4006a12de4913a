// data.filter: tests that a line must all pass.
//
// A missing value passes no test, as in SQL, unless a test by == or != names the text itself:
// "country != " keeps the lines that have one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"
#include "worker/feature/column_test.h"

namespace fathom {

// Thread rule: immutable once made.
class LineFilter {
 public:
  // Throws Error(kUsage): a test that is none.
  explicit LineFilter(const DataConfig& data);

  bool empty() const { return tests_.empty(); }
  std::vector<std::string> Columns() const;

  // `values[slots[i]]` is the text of Columns()[i]. False: the line is left out, or, with an
  // *error, it is bad.
  bool Passes(const std::vector<std::string_view>& values, const std::vector<std::size_t>& slots,
              std::string* error) const;

 private:
  std::vector<ColumnTest> tests_;
  MissingTexts missing_;
};

}  // namespace fathom
