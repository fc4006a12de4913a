#include "worker/predict/folder_rows.h"

#include <algorithm>
#include <utility>

#include "common/model/checked_file.h"
#include "common/model/dense_file.h"
#include "common/model/row_merge.h"
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
  ReadEach(spec.wide, static_cast<std::size_t>(spec.dim), keys, rows,
           [&](Key key, float* weight, float* embedding) {
             const std::byte* const row = Find(table, key);
             if (row == nullptr) return false;
             ReadRow(spec, row, weight, embedding);
             return true;
           });
}

std::span<const float> FolderRows::State(std::size_t table, Key key) const {
  const std::byte* const row = Find(table, key);
  if (row == nullptr) return {};
  return {reinterpret_cast<const float*>(row + sizeof(Key)),
          static_cast<std::size_t>(tables_[table].state_floats())};
}

// Files lay rows out in whole floats, from their begin on. `weight`: of a table that is wide.
void FolderRows::ReadRow(const TableSpec& spec, const std::byte* row, float* weight,
                         float* embedding) const {
  const auto* state = reinterpret_cast<const float*>(row + sizeof(Key));
  if (spec.wide) *weight = weight_->Of(state);
  if (spec.dim > 0) ReadEmbedding(spec, state, embedding);
}

void FolderRows::ForEach(std::size_t table, const RowUse& use) const {
  const TableSpec& spec = tables_[table];
  std::vector<float> embedding(static_cast<std::size_t>(spec.dim));
  float weight = 0;
  std::vector<std::span<const std::byte>> rows;
  for (const std::vector<File>& files : files_) {
    rows.clear();
    for (const File& file : files) rows.push_back(file.rows.tables[table]);
    MergeRows(rows, static_cast<std::size_t>(spec.row_bytes()), [&](Key key, const std::byte* row) {
      ReadRow(spec, row, &weight, embedding.data());
      use(key, weight, embedding);
    });
    for (const File& file : files) file.mapped.Release();
  }
}

}  // namespace fathom
