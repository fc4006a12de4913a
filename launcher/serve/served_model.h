// One opened model, and how rows are scored with it.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/input_columns.h"
#include "launcher/serve/input_rows.h"
#include "worker/predict/catalogue.h"
#include "worker/predict/scorer.h"
#include "worker/predict/session_pool.h"
#include "worker/recommend/item_neighbours.h"

namespace fathom {

// Thread rule: any thread; scoring takes no locks.
class ServedModel {
 public:
  // `catalogue`: a file of candidates; empty: there is none. `counts` outlives this. Throws Error.
  ServedModel(std::string name, std::unique_ptr<const Scorer> scorer,
              const std::filesystem::path& catalogue, ModelCounts* counts);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }  // the step that it was trained to
  const Scorer& scorer() const { return *scorer_; }
  const InputColumns& columns() const { return columns_; }

  // Null if there is none.
  const Catalogue* catalogue() const { return catalogue_.get(); }

  // Of the catalogue, made where they are asked for first.
  const ItemNeighbours& neighbours() const { return neighbours_->Get(); }

  // The logits of all rows. Throws RequestError where a row cannot be scored.
  std::vector<float> Score(const InputRows& rows) const;

  // The same of each candidate, with the context's one row.
  std::vector<float> ScoreCandidates(const InputRows& context, const InputRows& candidates) const;

  // The best n of the catalogue in the context of these texts, by slot, without these of its
  // places. Throws Error.
  std::vector<Recommended> Best(const std::vector<std::string_view>& context, std::size_t n,
                                std::span<const std::size_t> left_out) const;

 private:
  template <typename Fill>
  std::vector<float> ScoreEach(std::size_t rows, const Fill& fill) const;

  const std::string name_;
  const std::unique_ptr<const Scorer> scorer_;
  const std::string version_;
  const InputColumns columns_;
  std::unique_ptr<const Catalogue> catalogue_;
  ModelCounts* const counts_;
  std::vector<FieldCounts*> fields_;  // by field of the model
  mutable SessionPool sessions_;
  mutable std::optional<RecommenderPool> recommenders_;
  mutable std::optional<SharedNeighbours> neighbours_;
};

// As predict prints it, to the nearest float32.
float ScoreOf(float logit);

}  // namespace fathom
