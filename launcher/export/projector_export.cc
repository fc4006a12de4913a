// projector: the embeddings of one field as TensorBoard's projector reads them: vectors.tsv,
// metadata.tsv and projector_config.pbtxt that names the two.
#include <fmt/format.h>

#include <iterator>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "launcher/export/exported_folder.h"
#include "launcher/export/exporters.h"
#include "launcher/export/named_rows.h"

namespace fathom {
namespace {

// The field that is asked for; where none is, the only one that has embeddings.
const Field& FieldOf(const NamedRows& rows, const std::string& name, const ModelSpec& spec) {
  if (!name.empty()) {
    const Field& field = rows.FieldNamed(name);
    if (field.dim > 0) return field;
    Fail(ExitCode::kUsage,
         "--field {}: it is not in the deep part and has no embeddings: name "
         "another field",
         name);
  }
  std::string known;
  const Field* only = nullptr;
  int count = 0;
  for (const Field& field : spec.fields) {
    if (field.dim == 0) continue;
    known += (known.empty() ? "" : ", ") + field.name;
    only = &field;
    ++count;
  }
  if (count == 1) return rows.FieldNamed(only->name);
  Fail(ExitCode::kUsage, "projector has the embeddings of one field: say --field NAME, one of: {}",
       count == 0 ? "none, the model has no embeddings" : known);
}

std::string QuotedName(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

std::uint64_t WritePoints(const NamedRows& rows, const Field& field, bool wide,
                          const std::filesystem::path& dir) {
  ReplacedFile vectors(dir / "vectors.tsv", ExitCode::kModel);
  ReplacedFile metadata(dir / "metadata.tsv", ExitCode::kModel);
  metadata.out() << (wide ? "feature\tkey\tweight\n" : "feature\tkey\n");
  std::uint64_t points = 0;
  std::string line;
  rows.ForEach(static_cast<std::size_t>(field.table), &field, [&](const NamedRow& row) {
    line.clear();
    for (std::size_t i = 0; i < row.embedding.size(); ++i)
      fmt::format_to(std::back_inserter(line), "{}{}", i == 0 ? "" : "\t", row.embedding[i]);
    vectors.out() << line << '\n';
    metadata.out() << fmt::format("{}\t{:016x}", EscapedName(row.feature), row.key);
    if (wide) metadata.out() << fmt::format("\t{}", row.weight);
    metadata.out() << '\n';
    ++points;
  });
  vectors.Finish();
  metadata.Finish();
  return points;
}

}  // namespace

std::string ExportProjector(const ExportRequest& request, const Scorer& model) {
  const NamedRows rows(model);
  const Field& field = FieldOf(rows, request.field, model.spec());
  std::uint64_t points = 0;
  PublishExport(request.out, kProjectorSeal, [&](const std::filesystem::path& folder) {
    points = WritePoints(rows, field, field.wide, folder);
    ReplaceText(
        folder / kProjectorSeal.file,
        fmt::format("embeddings {{\n  tensor_name: \"{}\"\n  tensor_path: \"vectors.tsv\"\n  "
                    "metadata_path: \"metadata.tsv\"\n}}\n",
                    QuotedName(field.name)),
        ExitCode::kModel);
  });
  return fmt::format("projector: {}, {} points of {} in {} dimensions\n", request.out.string(),
                     points, field.name, field.dim);
}

}  // namespace fathom
