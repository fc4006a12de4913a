#include "worker/feature/label.h"

#include <fmt/format.h>

#include <algorithm>

#include "worker/text/number.h"

namespace fathom {

LabelTest::LabelTest(const DataConfig& data)
    : test_(data.label, "data.label"), negative_(data.label_negative), missing_(data.missing) {}

// Whether the config itself says that the text is a label.
bool LabelTest::Named(std::string_view text) const {
  if (test_.op() == ColumnTest::Operator::kNone) return text == "0" || text == "1";
  return test_.Lists(text) ||
         std::find(negative_.begin(), negative_.end(), text) != negative_.end();
}

std::optional<std::uint8_t> LabelTest::Apply(std::string_view text, std::string* error) const {
  const auto bad = [&](std::string reason) {
    *error = std::move(reason);
    return std::nullopt;
  };
  if (missing_.Has(text) && !Named(text)) {
    return bad(fmt::format("label {} = \"{}\" is missing: an example needs one", column(), text));
  }
  if (test_.op() != ColumnTest::Operator::kNone) {
    const std::optional<bool> passes = test_.Passes(text);
    if (!passes) return bad(fmt::format("label {} = \"{}\" is no number", column(), text));
    const bool known = *passes || !test_.compares_texts() || negative_.empty() || Named(text);
    if (!known)
      return bad(fmt::format("label {} = \"{}\" is neither positive nor in data.label_negative",
                             column(), text));
    return *passes ? 1 : 0;
  }
  const auto number = ParseNumber(text);
  if (!number) return bad(fmt::format("label {} = \"{}\" is no number", column(), text));
  if (*number == 1) return 1;
  if (*number == 0 || *number == -1) return 0;
  return bad(
      fmt::format("label {} = \"{}\" is neither 0 nor 1; write a test, as data.label = \"{} >= 4\"",
                  column(), text, column()));
}

}  // namespace fathom
