// What `fathom export` is asked for.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "common/config/kinds.h"

namespace fathom {

enum class ExportFormat { kBundle, kOnnx, kNpz, kTsv, kProjector };
template <>
struct NamesOf<ExportFormat> {
  static constexpr std::array<std::string_view, 5> kNames = {"bundle", "onnx", "npz", "tsv",
                                                             "projector"};
};

struct ExportRequest {
  ExportFormat format = ExportFormat::kBundle;
  std::filesystem::path model;         // a folder or a bundle
  std::filesystem::path out;           // a file; onnx, projector: a folder
  std::optional<Precision> precision;  // bundle, onnx: of the embeddings; nothing: the model's
  std::string field;                   // tsv, projector: this field's rows only; empty: all
};

}  // namespace fathom
