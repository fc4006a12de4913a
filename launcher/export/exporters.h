// The exporters, one a format. Each writes request.out and returns lines for people; failures are
// those of export_model.h.
#pragma once

#include <string>

#include "common/file/published_folder.h"
#include "launcher/export/export_request.h"
#include "worker/predict/scorer.h"

namespace fathom {

// The folders of these two are whole once they hold these.
inline constexpr PublishedFolder::Seal kOnnxSeal = {.file = "model.onnx", .word = "fathom"};
inline constexpr PublishedFolder::Seal kProjectorSeal = {.file = "projector_config.pbtxt",
                                                         .word = "tensor_path"};

std::string ExportBundle(const ExportRequest& request, const Scorer& model);
std::string ExportOnnx(const ExportRequest& request, const Scorer& model);
std::string ExportNpz(const ExportRequest& request, const Scorer& model);
std::string ExportTsv(const ExportRequest& request, const Scorer& model);
std::string ExportProjector(const ExportRequest& request, const Scorer& model);

// Whether the embeddings of a table are written as bfloat16.
inline bool WritesHalves(const ExportRequest& request, const Scorer& model,
                         const TableSpec& table) {
  const bool has_halves = table.precision == Precision::kBfloat16 ||
                          (model.model().bundle && model.model().bundle->rounded());
  return table.dim > 0 &&
         request.precision.value_or(has_halves ? Precision::kBfloat16 : Precision::kFloat32) ==
             Precision::kBfloat16;
}

}  // namespace fathom
