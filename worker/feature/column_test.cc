#include "worker/feature/column_test.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/error.h"
#include "worker/text/number.h"

namespace fathom {
namespace {

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::vector<std::string> SplitValues(std::string_view text) {
  std::vector<std::string> values;
  for (;;) {
    const std::size_t bar = text.find('|');
    values.emplace_back(Trimmed(text.substr(0, bar)));
    if (bar == std::string_view::npos) return values;
    text.remove_prefix(bar + 1);
  }
}

}  // namespace

ColumnTest::ColumnTest(const std::string& text, const std::string& setting) {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"==", Operator::kEqual},        {"!=", Operator::kNotEqual}, {"<=", Operator::kLessEqual},
      {">=", Operator::kGreaterEqual}, {"<", Operator::kLess},      {">", Operator::kGreater}};
  const std::string_view whole = text;
  column_ = Trimmed(whole);
  for (const auto& [symbol, op] : kOperators) {
    const std::size_t at = whole.find(symbol);
    if (at == std::string_view::npos) continue;
    column_ = Trimmed(whole.substr(0, at));
    operator_ = op;
    const std::string_view value = Trimmed(whole.substr(at + symbol.size()));
    if (compares_texts()) {
      values_ = SplitValues(value);
    } else if (const auto number = ParseNumber(value)) {
      threshold_ = *number;
    } else {
      Fail(ExitCode::kUsage, "{} = \"{}\": \"{}\" is no number; write as in \"rating >= 4\"",
           setting, text, value);
    }
    break;
  }
  if (column_.empty()) Fail(ExitCode::kUsage, "{} = \"{}\" names no column", setting, text);
}

bool ColumnTest::Lists(std::string_view text) const {
  return std::find(values_.begin(), values_.end(), text) != values_.end();
}

std::optional<bool> ColumnTest::Passes(std::string_view text) const {
  if (compares_texts()) return Lists(text) == (operator_ == Operator::kEqual);
  const auto number = ParseNumber(text);
  if (!number) return std::nullopt;
  switch (operator_) {
    case Operator::kLess:
      return *number < threshold_;
    case Operator::kLessEqual:
      return *number <= threshold_;
    case Operator::kGreater:
      return *number > threshold_;
    case Operator::kGreaterEqual:
      return *number >= threshold_;
    default:
      FATHOM_CHECK(!"a bare column is no test");
      return std::nullopt;
  }
}

}  // namespace fathom
