// tsv: a line a feature: its field, its text, key, wide weight and embedding.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "launcher/export/exporters.h"
#include "launcher/export/named_rows.h"

namespace fathom {
namespace {

constexpr const char* kBiasName = "(bias)";

std::string Header(int dim) {
  std::string header = "field\tfeature\tkey\tweight";
  for (int i = 0; i < dim; ++i) header += fmt::format("\te{}", i);
  return header + '\n';
}

// Tables without a wide part leave the weight empty; those of fewer dimensions the last numbers.
void WriteRow(const NamedRow& row, bool wide, int dim, std::string* line, std::ostream& out) {
  line->clear();
  fmt::format_to(std::back_inserter(*line), "{}\t{}\t{:016x}\t", EscapedName(row.field),
                 EscapedName(row.feature), row.key);
  if (wide) fmt::format_to(std::back_inserter(*line), "{}", row.weight);
  for (const float number : row.embedding)
    fmt::format_to(std::back_inserter(*line), "\t{}", number);
  line->append(static_cast<std::size_t>(dim) - row.embedding.size(), '\t');
  *line += '\n';
  out << *line;
}

// The numeric columns' wide weights, and the bias.
std::uint64_t WriteDense(const Scorer& model, const std::string& only, int dim, std::ostream& out) {
  const std::string rest(static_cast<std::size_t>(dim), '\t');
  std::uint64_t lines = 0;
  const auto write = [&](const std::string& name, float weight) {
    if (!only.empty() && only != name) return;
    out << fmt::format("{}\t\t\t{}{}\n", EscapedName(name), weight, rest);
    ++lines;
  };
  const auto dense = model.rows().dense();
  write(kBiasName, dense.front());
  for (const NumericField& numeric : model.spec().numerics) {
    if (numeric.wide) write(numeric.name, dense[static_cast<std::size_t>(numeric.wide_offset)]);
  }
  return lines;
}

bool IsNumber(const Scorer& model, const std::string& name) {
  const auto& numerics = model.spec().numerics;
  return std::any_of(numerics.begin(), numerics.end(),
                     [&](const NumericField& numeric) { return numeric.name == name; });
}

}  // namespace

std::string ExportTsv(const ExportRequest& request, const Scorer& model) {
  const NamedRows rows(model);
  const std::string& only = request.field;
  const bool number = IsNumber(model, only);
  const Field* const field = only.empty() || number ? nullptr : &rows.FieldNamed(only);
  const auto& tables = model.spec().tables;
  const auto takes = [&](std::size_t t) {
    return !number && (field == nullptr || static_cast<std::size_t>(field->table) == t);
  };
  int dim = 0;
  for (std::size_t t = 0; t < tables.size(); ++t)
    dim = takes(t) ? std::max(dim, tables[t].dim) : dim;
  ReplacedFile file(request.out, ExitCode::kModel);
  file.out() << Header(dim);
  std::uint64_t lines = WriteDense(model, only, dim, file.out());
  std::string line;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (!takes(t)) continue;
    rows.ForEach(t, field, [&](const NamedRow& row) {
      WriteRow(row, tables[t].wide, dim, &line, file.out());
      ++lines;
    });
  }
  file.Finish();
  return fmt::format("tsv: {}, {} lines{}\n", request.out.string(), lines,
                     rows.has_names() ? "" : "; the model keeps no names: features are keys");
}

}  // namespace fathom
