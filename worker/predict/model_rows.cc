#include "worker/predict/model_rows.h"

#include "worker/predict/bundle_rows.h"
#include "worker/predict/folder_rows.h"

namespace fathom {

std::unique_ptr<const ModelRows> OpenRows(const TrainedModel& model, RowCheck check) {
  if (model.bundle) return std::make_unique<BundleRows>(model, check);
  return std::make_unique<FolderRows>(model, check);
}

}  // namespace fathom
