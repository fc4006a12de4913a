// Makes all ranks of a job read the same model, the one that rank 0 has found. Each rank reads it
// by itself, and another process may replace it at any time.
//
// Thread rule: the main thread of every rank.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "common/config/config.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"
#include "launcher/run/model_copy.h"
#include "worker/predict/trained_model.h"

namespace fathom {

class OneModel {
 public:
  // Every rank calls this. `dir`: as FindModel takes it; ranks that do not find rank 0's model
  // there get a copy (model_copy.h). Throws Error(kModel) on all ranks where rank 0 finds none, or
  // one of them cannot read it.
  OneModel(const Config& config, const Layout& layout, const std::filesystem::path& dir,
           MpiSession& mpi);

  const TrainedModel& model() const { return model_; }
  const std::filesystem::path& dir() const { return copy_->dir(); }

 private:
  std::unique_ptr<ModelCopy> copy_;
  TrainedModel model_;
};

// As ReadOneModel (common/run/model_identity.h), on all ranks together: what fails on one fails on
// all, and rank 0 says whether the model was replaced meanwhile.
void ReadOneModelTogether(const std::filesystem::path& dir, MpiSession& mpi,
                          const std::function<void()>& read);

}  // namespace fathom
