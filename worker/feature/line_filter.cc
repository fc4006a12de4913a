#include "worker/feature/line_filter.h"

#include <fmt/format.h>

#include "common/error.h"

namespace fathom {

LineFilter::LineFilter(const DataConfig& data) : missing_(data.missing) {
  for (const std::string& text : data.filter) {
    tests_.emplace_back(text, "data.filter");
    if (tests_.back().op() != ColumnTest::Operator::kNone) continue;
    Fail(ExitCode::kUsage,
         "data.filter = \"{}\" is no test: write COLUMN OP VALUE, as \"rating != 3\"; OP is one of "
         "==, !=, <, <=, >, >=",
         text);
  }
}

std::vector<std::string> LineFilter::Columns() const {
  std::vector<std::string> columns;
  for (const ColumnTest& test : tests_) columns.push_back(test.column());
  return columns;
}

bool LineFilter::Passes(const std::vector<std::string_view>& values,
                        const std::vector<std::size_t>& slots, std::string* error) const {
  for (std::size_t i = 0; i < tests_.size(); ++i) {
    const ColumnTest& test = tests_[i];
    const std::string_view text = values[slots[i]];
    if (missing_.Has(text) && !test.Lists(text) && !test.Lists("")) return false;
    // All texts that mean "missing" are one: the empty one stands for them.
    const bool named_empty = missing_.Has(text) && !test.Lists(text);
    const auto passes = test.Passes(named_empty ? std::string_view() : text);
    if (!passes) {
      *error = fmt::format("data.filter: column {} = \"{}\" is no number", test.column(), text);
      return false;
    }
    if (!*passes) return false;
  }
  return true;
}

}  // namespace fathom
