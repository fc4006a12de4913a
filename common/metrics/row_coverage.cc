#include "common/metrics/row_coverage.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace fathom {
namespace {

constexpr std::size_t kShownFields = 5;
constexpr double kNearlyAll = 0.95;
constexpr std::uint64_t kFewValues = 100;

}  // namespace

std::string DescribeCoverage(const std::vector<FieldCoverage>& fields) {
  std::vector<FieldCoverage> missing;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(missing),
               [](const FieldCoverage& field) { return field.without_row > 0; });
  std::stable_sort(missing.begin(), missing.end(),
                   [](const FieldCoverage& a, const FieldCoverage& b) {
                     return a.share_without_row() > b.share_without_row();
                   });
  std::string text;
  for (std::size_t f = 0; f < std::min(missing.size(), kShownFields); ++f) {
    text += fmt::format("{}{} {:.3g} %", text.empty() ? "" : ", ", missing[f].name,
                        100 * missing[f].share_without_row());
  }
  if (missing.size() > kShownFields)
    text += fmt::format(" and {} more", missing.size() - kShownFields);
  return text;
}

std::vector<FieldCoverage> HardlyKnown(const std::vector<FieldCoverage>& fields) {
  std::vector<FieldCoverage> unknown;
  std::copy_if(fields.begin(), fields.end(), std::back_inserter(unknown),
               [](const FieldCoverage& field) {
                 return !field.is_cross && field.values >= kFewValues &&
                        field.share_without_row() >= kNearlyAll;
               });
  return unknown;
}

std::string DescribeHardlyKnown(const FieldCoverage& field) {
  return fmt::format(
      "{}: the model has no row for {} of its {} values: check that they are written as in the "
      "training data",
      field.name, field.without_row, field.values);
}

}  // namespace fathom
