#include "worker/feature/label.h"

#include <algorithm>

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

LabelTest::LabelTest(const DataConfig& data) : negative_(data.label_negative) {
  static constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"==", Operator::kEqual},        {"!=", Operator::kNotEqual}, {"<=", Operator::kLessEqual},
      {">=", Operator::kGreaterEqual}, {"<", Operator::kLess},      {">", Operator::kGreater}};
  const std::string_view text = data.label;
  column_ = Trimmed(text);
  for (const auto& [symbol, op] : kOperators) {
    const std::size_t at = text.find(symbol);
    if (at == std::string_view::npos) continue;
    column_ = Trimmed(text.substr(0, at));
    operator_ = op;
    const std::string_view value = Trimmed(text.substr(at + symbol.size()));
    if (op == Operator::kEqual || op == Operator::kNotEqual) {
      values_ = SplitValues(value);
    } else if (const auto number = ParseNumber(value)) {
      threshold_ = *number;
    } else {
      Fail(ExitCode::kUsage,
           "data.label = \"{}\": \"{}\" is no number; write as in \"rating >= 4\"", data.label,
           value);
    }
    break;
  }
  if (column_.empty()) Fail(ExitCode::kUsage, "data.label = \"{}\" names no column", data.label);
}

std::optional<std::uint8_t> LabelTest::Apply(std::string_view text, std::string* error) const {
  const auto bad = [&](std::string reason) {
    *error = std::move(reason);
    return std::nullopt;
  };
  if (operator_ == Operator::kEqual || operator_ == Operator::kNotEqual) {
    const bool listed = std::find(values_.begin(), values_.end(), text) != values_.end();
    const bool positive = listed == (operator_ == Operator::kEqual);
    const bool known = positive || negative_.empty() ||
                       std::find(negative_.begin(), negative_.end(), text) != negative_.end();
    if (!known)
      return bad(fmt::format("label {} = \"{}\" is neither positive nor in data.label_negative",
                             column_, text));
    return positive ? 1 : 0;
  }
  const auto number = ParseNumber(text);
  if (!number) return bad(fmt::format("label {} = \"{}\" is no number", column_, text));
  switch (operator_) {
    case Operator::kLess:
      return *number < threshold_ ? 1 : 0;
    case Operator::kLessEqual:
      return *number <= threshold_ ? 1 : 0;
    case Operator::kGreater:
      return *number > threshold_ ? 1 : 0;
    case Operator::kGreaterEqual:
      return *number >= threshold_ ? 1 : 0;
    default:
      break;
  }
  if (*number == 1) return 1;
  if (*number == 0 || *number == -1) return 0;
  return bad(
      fmt::format("label {} = \"{}\" is neither 0 nor 1; write a test, as data.label = \"{} >= 4\"",
                  column_, text, column_));
}

}  // namespace fathom
