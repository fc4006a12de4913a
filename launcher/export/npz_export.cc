// npz: NumPy reads it. Of each table keys, wide weights and embeddings; the dense parameters by
// name.
#include <fmt/format.h>

#include "common/buffer.h"
#include "launcher/export/dense_arrays.h"
#include "launcher/export/exporters.h"
#include "launcher/export/npz_file.h"

namespace fathom {
namespace {

struct TableArrays {
  std::size_t keys = 0, wide = 0, embedding = 0;
};

TableArrays AddTable(const TableSpec& table, std::uint64_t rows, NpzFile* file) {
  TableArrays arrays;
  arrays.keys = file->Add(table.name + ".keys", "<u8", sizeof(Key), {rows});
  if (table.wide) arrays.wide = file->Add(table.name + ".wide", "<f4", sizeof(float), {rows});
  if (table.dim > 0)
    arrays.embedding = file->Add(table.name + ".embedding", "<f4", sizeof(float),
                                 {rows, static_cast<std::uint64_t>(table.dim)});
  return arrays;
}

}  // namespace

std::string ExportNpz(const ExportRequest& request, const Scorer& model) {
  const Manifest& manifest = model.model().manifest;
  const std::vector<DenseArray> dense = DenseArrays(model.spec(), model.rows().dense());
  NpzFile file;
  std::vector<TableArrays> tables;
  for (std::size_t t = 0; t < manifest.tables.size(); ++t)
    tables.push_back(AddTable(manifest.tables[t], manifest.Rows(t), &file));
  std::vector<std::size_t> places;
  for (const DenseArray& array : dense)
    places.push_back(file.Add(array.name, "<f4", sizeof(float), array.shape));
  file.Begin(request.out);
  for (std::size_t t = 0; t < tables.size(); ++t) {
    const TableSpec& table = manifest.tables[t];
    model.rows().ForEach(t, [&](Key key, float weight, std::span<const float> embedding) {
      file.Write(tables[t].keys, BytesOf(key));
      if (table.wide) file.Write(tables[t].wide, BytesOf(weight));
      if (table.dim > 0) file.Write(tables[t].embedding, std::as_bytes(embedding));
    });
  }
  for (std::size_t d = 0; d < dense.size(); ++d)
    file.Write(places[d], std::as_bytes(std::span(dense[d].values)));
  file.Finish();
  return fmt::format("npz: {}, {:.1f} MB, {} tables, {} dense arrays\n", request.out.string(),
                     static_cast<double>(file.bytes()) / 1e6, tables.size(), dense.size());
}

}  // namespace fathom
