#include "launcher/summary/row_lines.h"

#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <span>
#include <string_view>

#include "common/model/row_state.h"
#include "common/run/row_watch.h"

namespace fathom {
namespace {

std::string Line(std::string_view name, const std::string& numbers) {
  return fmt::format("  {:<28} {}\n", name, numbers);
}

std::string Numbers(std::span<const float> numbers) {
  return fmt::format("{:.9g}", fmt::join(numbers, " "));
}

}  // namespace

std::string RowLines(const Scorer& model, const NamedFeature& feature) {
  const Field& field = model.spec().fields[feature.field];
  const auto t = static_cast<std::size_t>(field.table);
  const TableSpec& table = model.spec().tables[t];
  PulledRows::Table row;
  model.rows().Read(t, {&feature.key, 1}, &row);
  std::string lines = fmt::format("{} = {}: key {:016x} of table {}\n", field.name, feature.name,
                                  feature.key, table.name);
  if (row.has_row.front() == 0)
    return lines +
           "  it has no row: it scores as zeros, and training begins with its initial value\n";
  if (table.dim > 0) {
    const float square =
        std::inner_product(row.deep.begin(), row.deep.end(), row.deep.begin(), 0.0F);
    lines += Line("norm of the embedding", fmt::format("{:.9g}", std::sqrt(square)));
  }
  const std::span<const float> state = model.rows().State(t, feature.key);
  if (state.empty()) {  // a bundle
    if (table.wide) lines += Line("weight", Numbers(row.wide));
    if (table.dim > 0) lines += Line("embedding", Numbers(row.deep));
    return lines;
  }
  for (const NamedNumbers& of : NumbersOfRow(table, table.wide ? row.wide.front() : 0, state))
    lines += Line(of.name, Numbers(of.numbers));
  if (table.last_step)
    lines += Line("last_step", fmt::format("{}", LastStepOf(table, state.data())));
  return lines;
}

}  // namespace fathom
