// The rows of a bundle, mapped as they lie there: of each table the keys, which ascend, the wide
// weights and the embeddings.
#pragma once

#include <memory>
#include <vector>

#include "common/aligned_vector.h"
#include "worker/predict/model_rows.h"
#include "worker/predict/row_search.h"
#include "worker/predict/trained_model.h"

namespace fathom {

class BundleRows : public ModelRows {
 public:
  // `model`: opened from a bundle. kNone: lengths are compared, and the rows are not looked at; a
  // damaged bundle gives wrong scores. kAll: every checksum, and the order of the rows. Throws
  // Error(kModel) that names the file.
  BundleRows(const TrainedModel& model, RowCheck check);

  void Read(std::size_t table, std::span<const Key> keys, PulledRows::Table* rows) const override;
  void ForEach(std::size_t table, const RowUse& use) const override;
  std::span<const float> State(std::size_t, Key) const override { return {}; }
  std::span<const float> dense() const override { return dense_; }

 private:
  struct Table {
    SortedKeys keys;
    const std::byte* wide = nullptr;        // f32[rows]; null: not wide
    const std::byte* embeddings = nullptr;  // f32 or bf16 [rows x dim]
    std::size_t dim = 0;
    bool halves = false;  // embeddings are bfloat16
  };

  void CheckOrder(const std::string& table, const SortedKeys& keys) const;
  static float WideOf(const Table& table, std::size_t row);
  static void ReadEmbeddingOf(const Table& table, std::size_t row, float* embedding);

  std::shared_ptr<const Bundle> bundle_;
  std::vector<Table> tables_;
  AlignedVector<float> dense_;
};

}  // namespace fathom
