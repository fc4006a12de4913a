#include "launcher/summary/model_input_lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "worker/feature/input_schema.h"
#include "worker/feature/side_rows.h"
#include "worker/predict/names.h"
#include "worker/predict/scorer.h"

namespace fathom {
namespace {

std::string FormOf(const DataConfig& data) {
  std::string form(NameOf(data.format));
  if (Has(data.format, FormatTrait::kPairs)) return form + ", columns by the names of the lines";
  if (data.format == DataFormat::kParquet || data.header) return form + ", columns by name";
  return form + ", without a header: columns by place";
}

// "genres (multivalent, separated by "|")".
std::string Describe(const ColumnConfig& column, const Config& config) {
  std::string text = fmt::format("{} ({}", column.name, NameOf(column.kind));
  if (column.kind == ColumnKind::kMultivalent) {
    // Where a line names its columns itself, a list is of such pairs.
    const bool pairs = Has(config.data.format, FormatTrait::kPairs);
    text += fmt::format(", separated by \"{}\"", pairs ? " " : column.separator);
    if (column.weighted || pairs) text += ", value:weight";
  }
  if (column.transform != TransformKind::kNone)
    text += fmt::format(", {}", NameOf(column.transform));
  text += ")";
  for (const CrossConfig& cross : config.crosses) {
    const bool crossed =
        std::find(cross.columns.begin(), cross.columns.end(), column.name) != cross.columns.end();
    if (crossed) text += ", " + CrossName(cross);
  }
  return text;
}

struct Row {
  std::string column;
  std::string needed;
  std::string read_by;
};

std::vector<Row> RowsOf(const InputSchema& schema) {
  const Config& config = schema.config();
  const std::vector<ScoringInput> inputs = InputsOf(schema);
  std::vector<Row> rows;
  for (std::size_t slot = 0; slot < inputs.size(); ++slot) {
    Row row{.column = inputs[slot].name, .needed = "required", .read_by = {}};
    const int from = schema.sources()[slot].join;
    if (from >= 0) {
      const JoinConfig& join = schema.joins()[static_cast<std::size_t>(from)].join();
      row.needed = fmt::format("looked up in {} by {}", join.file, join.key);
    }
    const auto add = [&](const std::string& text) {
      row.read_by += (row.read_by.empty() ? "" : "; ") + text;
    };
    for (const ColumnConfig& column : config.columns) {
      if (SourceOf(column) == inputs[slot].name) add(Describe(column, config));
    }
    for (const SideTable& table : schema.joins()) {
      if (table.join().key == inputs[slot].name) add("key of " + table.join().file);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string JoinedTables(const Config& config) {
  std::string tables;
  for (const JoinConfig& join : config.joins) tables += (tables.empty() ? "" : ", ") + join.file;
  return tables.empty() ? "none" : tables;
}

}  // namespace

std::string ModelInputLines(const TrainedModel& model) {
  if (Has(model.config.data.format, FormatTrait::kNoText))
    return "input    generated: there is no text form to score\n";
  const InputSchema schema(ConfigOfLines(model.config), false, &model.side_tables);
  std::vector<Row> rows = RowsOf(schema);
  rows.insert(rows.begin(), {"column", "given", "read by"});
  std::size_t column_width = 0, needed_width = 0;
  for (const Row& row : rows) {
    column_width = std::max(column_width, row.column.size());
    needed_width = std::max(needed_width, row.needed.size());
  }
  std::string lines =
      fmt::format("input    {}\njoined   {}\nnames    {}\n\n", FormOf(model.config.data),
                  JoinedTables(model.config), KeepsNames(model.manifest) ? "kept" : "not kept");
  for (const Row& row : rows) {
    lines += fmt::format("{:<{}}  {:<{}}  {}\n", row.column, column_width, row.needed, needed_width,
                         row.read_by);
  }
  return lines;
}

}  // namespace fathom
