#include "launcher/serve/input_columns.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "launcher/http/request_error.h"

namespace fathom {
namespace {

InputColumns::Column ColumnOf(const ScoringInput& input, const Config& config) {
  InputColumns::Column column{.input = &input, .numeric = !input.columns.empty()};
  const bool pairs = Has(config.data.format, FormatTrait::kPairs);
  for (const ColumnConfig& reader : config.columns) {
    const auto& names = input.columns;
    if (std::find(names.begin(), names.end(), reader.name) == names.end()) continue;
    column.numeric = column.numeric && reader.kind == ColumnKind::kNumeric;
    if (reader.kind == ColumnKind::kMultivalent && column.separator == 0)
      column.separator = pairs ? ' ' : reader.separator[0];
  }
  return column;
}

}  // namespace

InputColumns::InputColumns(const Scorer& scorer) : missing_text_(scorer.missing_text()) {
  for (const ScoringInput& input : scorer.inputs()) {
    slots_.emplace(input.name, columns_.size());
    columns_.push_back(ColumnOf(input, scorer.config()));
  }
}

std::size_t InputColumns::Find(std::string_view name) const {
  const auto found = slots_.find(std::string(name));
  return found == slots_.end() ? columns_.size() : found->second;
}

std::size_t InputColumns::SlotOf(std::string_view name) const {
  const std::size_t slot = Find(name);
  if (slot < columns_.size()) return slot;
  std::vector<std::string> names;
  for (const Column& column : columns_) names.push_back(column.input->name);
  FailRequest("the model has no column \"{}\": its columns are {}", name, fmt::join(names, ", "));
}

}  // namespace fathom
