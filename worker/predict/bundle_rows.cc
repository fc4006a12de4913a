#include "worker/predict/bundle_rows.h"

#include <algorithm>
#include <cstring>

#include "common/bfloat16.h"
#include "common/model/checked_file.h"
#include "worker/predict/bundle.h"

namespace fathom {

BundleRows::BundleRows(const TrainedModel& model, RowCheck check) : bundle_(model.bundle) {
  const Bundle& bundle = *bundle_;
  if (check == RowCheck::kAll) bundle.CheckAll();
  const auto section = [&](const std::string& name, std::uint64_t bytes) {
    const auto found = bundle.Section(name);
    if (found.size() != bytes)
      FailDamaged(bundle.path(), fmt::format("section {} has {} bytes, its table's rows take {}",
                                             name, found.size(), bytes));
    return found.data();
  };
  for (const TableSpec& spec : model.manifest.tables) {
    Table table{.dim = static_cast<std::size_t>(spec.dim),
                .halves = bundle.rounded() || spec.precision == Precision::kBfloat16};
    const auto keys = bundle.Section(KeysSection(spec.name));
    const std::size_t rows = keys.size() / sizeof(Key);
    const std::size_t table_number = tables_.size();
    if (keys.size() % sizeof(Key) != 0 || rows != model.manifest.Rows(table_number))
      FailDamaged(bundle.path(), fmt::format("table {} has {} rows, the manifest says {}",
                                             spec.name, rows, model.manifest.Rows(table_number)));
    table.keys = {.rows = keys.data(), .count = rows, .row_bytes = sizeof(Key)};
    if (spec.wide) table.wide = section(WideSection(spec.name), rows * sizeof(float));
    if (spec.dim > 0)
      table.embeddings = section(EmbeddingsSection(spec.name),
                                 rows * table.dim * (table.halves ? 2 : sizeof(float)));
    if (check == RowCheck::kAll) CheckOrder(spec.name, table.keys);
    tables_.push_back(table);
  }
  const auto dense = bundle.Checked(kDenseSection);
  if (dense.size() != model.manifest.dense_floats * sizeof(float))
    FailDamaged(bundle.path(), fmt::format("its dense parameters are {} bytes, the manifest says "
                                           "{} numbers",
                                           dense.size(), model.manifest.dense_floats));
  dense_.resize(model.manifest.dense_floats);
  std::memcpy(dense_.data(), dense.data(), dense.size());
}

void BundleRows::CheckOrder(const std::string& table, const SortedKeys& keys) const {
  for (std::size_t i = 1; i < keys.count; ++i) {
    if (keys.KeyAt(i) <= keys.KeyAt(i - 1))
      FailDamaged(bundle_->path(), fmt::format("table {}: row {} (key {:016x}) is out of order",
                                               table, i, keys.KeyAt(i)));
  }
}

float BundleRows::WideOf(const Table& table, std::size_t row) {
  float weight = 0;
  if (table.wide != nullptr) std::memcpy(&weight, table.wide + row * sizeof(float), sizeof(float));
  return weight;
}

void BundleRows::ReadEmbeddingOf(const Table& table, std::size_t row, float* embedding) {
  const std::size_t begin = row * table.dim;
  if (!table.halves) {
    std::memcpy(embedding, table.embeddings + begin * sizeof(float), table.dim * sizeof(float));
    return;
  }
  for (std::size_t i = 0; i < table.dim; ++i) {
    std::uint16_t half = 0;
    std::memcpy(&half, table.embeddings + (begin + i) * sizeof(half), sizeof(half));
    embedding[i] = FromBfloat16(half);
  }
}

void BundleRows::Read(std::size_t t, std::span<const Key> keys, PulledRows::Table* rows) const {
  const Table& table = tables_[t];
  ReadEach(table.wide != nullptr, table.dim, keys, rows,
           [&](Key key, float* weight, float* embedding) {
             const std::byte* const found = FindRow(table.keys, key);
             if (found == nullptr) return false;
             const auto row = static_cast<std::size_t>(found - table.keys.rows) / sizeof(Key);
             if (table.wide != nullptr) *weight = WideOf(table, row);
             if (table.dim > 0) ReadEmbeddingOf(table, row, embedding);
             return true;
           });
}

void BundleRows::ForEach(std::size_t t, const RowUse& use) const {
  const Table& table = tables_[t];
  std::vector<float> embedding(table.dim);
  for (std::size_t row = 0; row < table.keys.count; ++row) {
    if (table.dim > 0) ReadEmbeddingOf(table, row, embedding.data());
    use(table.keys.KeyAt(row), WideOf(table, row), embedding);
  }
}

}  // namespace fathom
