// One opened model, and how rows are scored with it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "launcher/metrics/serve_metrics.h"
#include "launcher/serve/catalogue.h"
#include "launcher/serve/input_columns.h"
#include "launcher/serve/input_rows.h"
#include "worker/predict/scorer.h"
#include "worker/predict/session_pool.h"

namespace fathom {

// Thread rule: any thread; scoring takes no locks.
class ServedModel {
 public:
  // Throws Error. `catalogue`: null if there is none. Both outlive this.
  ServedModel(std::string name, std::unique_ptr<const Scorer> scorer, const Catalogue* catalogue,
              ModelCounts* counts);

  const std::string& name() const { return name_; }
  const std::string& version() const { return version_; }  // the step that it was trained to
  const Scorer& scorer() const { return *scorer_; }
  const InputColumns& columns() const { return columns_; }

  // Null if there is none.
  const CatalogueColumns* catalogue() const { return catalogue_ ? &*catalogue_ : nullptr; }

  // The logits of all rows. Throws RequestError where a row cannot be scored.
  std::vector<float> Score(const InputRows& rows) const;

  // The same of each candidate with the context's one row: `candidates` are rows that were given,
  // or, if it is null, the catalogue's.
  std::vector<float> ScoreCandidates(const InputRows& context, const InputRows* candidates) const;

 private:
  template <typename Fill>
  std::vector<float> ScoreEach(std::size_t rows, const Fill& fill) const;

  const std::string name_;
  const std::unique_ptr<const Scorer> scorer_;
  const std::string version_;
  const InputColumns columns_;
  std::optional<CatalogueColumns> catalogue_;
  ModelCounts* const counts_;
  std::vector<FieldCounts*> fields_;  // by field of the model
  mutable SessionPool sessions_;
};

// As predict prints it, to the nearest float32.
float ScoreOf(float logit);

}  // namespace fathom
