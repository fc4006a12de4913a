#include "worker/predict/folder_rows.h"

#include <algorithm>
#include <utility>

#include "common/model/checked_file.h"
#include "common/model/dense_file.h"
#include "common/model/row_state.h"

namespace fathom {

FolderRows::FolderRows(const TrainedModel& model, RowCheck check)
    : tables_(model.manifest.tables), partitions_(model.manifest.partitions) {
  weight_.emplace(model.config.wide);
  for (int p = 0; p < partitions_.count(); ++p) {
    if (check == RowCheck::kAll) {
      ReadPartition(model.dir, model.manifest, p, [](std::size_t, Key, std::span<const float>) {});
    }
    std::vector<File>& files = files_.emplace_back();
    for (const ModelFileEntry* entry : FilesOfPartition(model.manifest, p)) {
      const std::filesystem::path path = model.dir / entry->name;
      MappedFile mapped(path, ExitCode::kModel, kModelRemedy);
      mapped.ExpectRandomReads();
      PartitionRows rows = TakePartitionApart(path, mapped.bytes(), model.manifest, *entry, p);
      files.push_back({std::move(mapped), std::move(rows)});
    }
    if (files.empty())
      FailDamaged(model.dir / "manifest.json", "it names no file " + PartitionFile(p));
  }
  const DenseState dense = ReadDense(model.dir, model.manifest);
  dense_.assign(dense.values.begin(), dense.values.end());
}

SortedKeys FolderRows::RowsIn(const File& file, std::size_t table, int partition) const {
  const auto bytes = file.rows.tables[table];
  const auto row_bytes = static_cast<std::size_t>(tables_[table].row_bytes());
  const int width_bits = 64 - partitions_.bits();
  return {bytes.data(), bytes.size() / row_bytes, row_bytes,
          static_cast<Key>(partition) << width_bits, width_bits};
}

const std::byte* FolderRows::Find(std::size_t table, Key key) const {
  const int partition = partitions_.Of(key);
  const auto& files = files_[static_cast<std::size_t>(partition)];
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    if (const std::byte* row = FindRow(RowsIn(*file, table, partition), key)) return row;
  }
  return nullptr;
}

void FolderRows::Read(std::size_t table, std::span<const Key> keys, PulledRows::Table* rows) const {
  const TableSpec& spec = tables_[table];
  const auto dim = static_cast<std::size_t>(spec.dim);
  rows->wide.resize(spec.wide ? keys.size() : 0);
  rows->deep.resize(keys.size() * dim);
  rows->has_row.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::byte* const row = Find(table, keys[i]);
    rows->has_row[i] = row != nullptr ? 1 : 0;
    if (row == nullptr) {
      if (spec.wide) rows->wide[i] = 0;
      std::fill_n(rows->deep.data() + i * dim, dim, 0.0F);
      continue;
    }
    // Files lay rows out in whole floats, from their begin on.
    const auto* state = reinterpret_cast<const float*>(row + sizeof(Key));
    if (spec.wide) rows->wide[i] = weight_->Of(state);
    if (dim > 0) ReadEmbedding(spec, state, rows->deep.data() + i * dim);
  }
}

// A partition's files are merged: of a key the row of the last that has it.
void FolderRows::ForEach(std::size_t table, const RowUse& use) const {
  const TableSpec& spec = tables_[table];
  std::vector<float> embedding(static_cast<std::size_t>(spec.dim));
  std::vector<SortedKeys> files;
  std::vector<std::size_t> at;
  for (int p = 0; p < partitions_.count(); ++p) {
    files.clear();
    for (const File& file : files_[static_cast<std::size_t>(p)])
      files.push_back(RowsIn(file, table, p));
    at.assign(files.size(), 0);
    for (;;) {
      const std::byte* row = nullptr;
      Key key = 0;
      for (std::size_t f = 0; f < files.size(); ++f) {
        if (at[f] == files[f].count) continue;
        const Key found = files[f].KeyAt(at[f]);
        if (row != nullptr && found > key) continue;
        key = found;
        row = files[f].At(at[f]);
      }
      if (row == nullptr) break;
      for (std::size_t f = 0; f < files.size(); ++f) {
        if (at[f] < files[f].count && files[f].KeyAt(at[f]) == key) ++at[f];
      }
      const auto* state = reinterpret_cast<const float*>(row + sizeof(Key));
      if (spec.dim > 0) ReadEmbedding(spec, state, embedding.data());
      use(key, spec.wide ? weight_->Of(state) : 0.0F, embedding);
    }
    for (const File& file : files_[static_cast<std::size_t>(p)]) file.mapped.Release();
  }
}

}  // namespace fathom
