#include "launcher/summary/explanation_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "common/metrics/metrics.h"
#include "common/text_columns.h"
#include "common/utf8.h"

namespace fathom {
namespace {

constexpr std::size_t kMostCharacters = 40;  // of a text in the table

// Columns of texts: the first are set left, the others right.
class Columns {
 public:
  explicit Columns(std::size_t left) : left_(left) {}

  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  std::string Text() const {
    std::string text;
    for (const std::string& line : AlignedLines(rows_, [&](std::size_t c) { return c >= left_; }))
      text += line + '\n';
    return text;
  }

 private:
  std::size_t left_;
  std::vector<std::vector<std::string>> rows_;
};

std::string Signed(double value) { return fmt::format("{:+.5f}", value); }

// What the model takes a text for, and the text where it is another.
std::string Shown(const std::string& name, const std::string& text) {
  const std::string cell = TableCell(name, kMostCharacters);
  if (text.empty() || text == name) return cell;
  return TableCell(text, kMostCharacters) + " -> " + cell;
}

// Of a list the texts of its values are their names, as a rule.
std::string TextOf(const ExplainedField& field) {
  return field.values.size() == 1 ? field.text : std::string();
}

struct Part {
  std::string field;
  std::string name;  // of a value; empty: the field has one only
  std::string shown;
  double sum = 0;
};

std::vector<Part> PartsOf(const Explanation& explained) {
  std::vector<Part> parts;
  for (const ExplainedField& field : explained.fields) {
    for (const ExplainedValue& value : field.values)
      parts.push_back({field.name, value.name, Shown(value.name, TextOf(field)), value.Sum()});
  }
  for (const ExplainedNumber& number : explained.numbers) {
    parts.push_back(
        {number.name, "", Shown(fmt::format("{:.6g}", number.value), number.text), number.Sum()});
  }
  parts.push_back({"bias", "", "", explained.bias});
  parts.push_back({"biases of the layers", "", "", explained.deep_biases});
  return parts;
}

std::string Head(const std::string& title, const Explanation& explained) {
  return fmt::format("{}: logit {:.9g}, score {:.9g}\n", title, explained.logit,
                     Sigmoid(explained.logit));
}

// Of a part that the field does not take part in nothing stands.
std::string Signed(bool is_there, double value) { return is_there ? Signed(value) : ""; }

std::vector<std::string> ValueCells(const ExplainedField& field, const ExplainedValue& value) {
  const std::string scale = value.scale == 1 ? "" : fmt::format(" x {:.4g}", value.scale);
  return {field.name,
          Shown(value.name, TextOf(field)) + scale,
          value.has_row ? fmt::format("{:016x}", value.key) : "none",
          Signed(field.is_wide, value.wide_weight),
          field.is_deep ? fmt::format("{:.5f}", value.norm) : "",
          Signed(field.is_wide, value.wide),
          Signed(field.is_deep, value.deep),
          Signed(value.Sum()),
          Signed(field.is_deep, value.fm)};
}

}  // namespace

std::string ExplanationLines(const std::string& title, const Explanation& explained) {
  Columns table(3);
  // The last cell is of a model with an FM term alone.
  const auto add = [&](std::vector<std::string> cells) {
    cells.resize(explained.has_fm ? 9 : 8);
    table.Add(std::move(cells));
  };
  const auto add_sum = [&](const char* name, double sum) {
    add({name, "", "", "", "", "", "", Signed(sum)});
  };
  add({"field", "value", "row", "weight", "norm", "wide", "deep", "sum", "of it FM"});
  for (const ExplainedField& field : explained.fields) {
    if (field.values.empty()) add({field.name, "(none)"});
    for (const ExplainedValue& value : field.values) add(ValueCells(field, value));
  }
  for (const ExplainedNumber& number : explained.numbers) {
    add({number.name, Shown(fmt::format("{:.6g}", number.value), number.text), "", "", "",
         Signed(number.is_wide, number.wide), Signed(number.is_deep, number.deep),
         Signed(number.Sum())});
  }
  add_sum("bias", explained.bias);
  add_sum("biases of the layers", explained.deep_biases);
  add_sum("sum", explained.Sum());
  return Head(title, explained) + table.Text();
}

std::string ComparisonLines(const std::string& title, const Explanation& first,
                            const Explanation& second) {
  Columns table(2);
  table.Add({"field", "value", "first", "second", "difference"});
  std::vector<Part> others = PartsOf(second);
  const auto add = [&](const Part& part, std::optional<double> a, std::optional<double> b) {
    table.Add({part.field, part.shown, a ? Signed(*a) : "-", b ? Signed(*b) : "-",
               Signed(b.value_or(0) - a.value_or(0))});
  };
  for (const Part& part : PartsOf(first)) {
    const auto other = std::find_if(others.begin(), others.end(), [&](const Part& of) {
      return of.field == part.field && of.name == part.name;
    });
    add(part, part.sum, other != others.end() ? std::optional(other->sum) : std::nullopt);
    if (other != others.end()) others.erase(other);
  }
  for (const Part& part : others) add(part, std::nullopt, part.sum);
  table.Add(
      {"sum", "", Signed(first.Sum()), Signed(second.Sum()), Signed(second.Sum() - first.Sum())});
  return Head(title + ", first model", first) + Head(title + ", second model", second) +
         table.Text();
}

}  // namespace fathom
