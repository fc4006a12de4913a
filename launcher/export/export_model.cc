#include "launcher/export/export_model.h"

#include <fstream>
#include <system_error>

#include "common/error.h"
#include "launcher/export/exporters.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// What a format writes, and how what it has written is known again.
struct Form {
  std::string (*write)(const ExportRequest&, const Scorer&);
  bool takes_precision;
  bool takes_field;
  std::string_view begin;             // of a file
  const PublishedFolder::Seal* seal;  // of a folder
};

Form FormOf(ExportFormat format) {
  switch (format) {
    case ExportFormat::kBundle:
      return {ExportBundle, true, false, "FATHBNDL", nullptr};
    case ExportFormat::kOnnx:
      return {ExportOnnx, true, false, "", &kOnnxSeal};
    case ExportFormat::kNpz:
      return {ExportNpz, false, false, "PK\x03\x04", nullptr};
    case ExportFormat::kTsv:
      return {ExportTsv, false, true, "field\t", nullptr};
    case ExportFormat::kProjector:
      return {ExportProjector, false, true, "", &kProjectorSeal};
  }
  Fail(ExitCode::kUsage, "--format: not known");
}

std::string Begin(const fs::path& file, std::size_t bytes) {
  std::string begin(bytes, '\0');
  std::ifstream(file, std::ios::binary).read(begin.data(), static_cast<std::streamsize>(bytes));
  return begin;
}

// Where a file stands already it must be one of this format: a mistaken name destroys nothing.
void CheckFile(const ExportRequest& request, const Form& form) {
  std::error_code none;
  const fs::path& out = request.out;
  if (!fs::exists(out, none)) return;
  if (!fs::is_regular_file(out, none))
    Fail(ExitCode::kUsage, "--out {}: {}: {} is one plain file: name one", out.string(),
         fs::is_directory(out, none) ? "a folder" : "no plain file", NameOf(request.format));
  if (fs::file_size(out, none) == 0 || Begin(out, form.begin.size()) == form.begin) return;
  Fail(ExitCode::kUsage, "--out {}: there is a file that is no {}: name another, or remove it",
       out.string(), NameOf(request.format));
}

void CheckFolder(const ExportRequest& request, PublishedFolder::Seal seal) {
  std::error_code none;
  const fs::path& out = request.out;
  if (fs::exists(out, none) && !fs::is_directory(out, none))
    Fail(ExitCode::kUsage, "--out {}: a file: {} is a folder of several files: name a folder",
         out.string(), NameOf(request.format));
  if (request.format == ExportFormat::kOnnx && out.extension() == ".onnx")
    Fail(ExitCode::kUsage,
         "--out {}: onnx is a folder with model.onnx and model.onnx.data: name the folder",
         out.string());
  if (!fs::exists(out, none) || fs::is_empty(out, none) || fs::exists(out / seal.file, none))
    return;
  Fail(ExitCode::kUsage,
       "--out {}: a folder that holds something, and no {}: name another, or an empty one",
       out.string(), seal.file);
}

void CheckRequest(const ExportRequest& request, const Form& form) {
  if (request.precision && !form.takes_precision)
    Fail(ExitCode::kUsage,
         "--precision: bundle and onnx round embeddings, {} has the model's own numbers: leave it "
         "out",
         NameOf(request.format));
  if (!request.field.empty() && !form.takes_field)
    Fail(ExitCode::kUsage,
         "--field: {} holds the whole model: leave it out, or export tsv or "
         "projector",
         NameOf(request.format));
  if (request.out.empty() || request.out == "-")
    Fail(ExitCode::kUsage, "--out {}: what is exported is written beside and renamed: name a {}",
         request.out.string(), form.seal != nullptr ? "folder" : "file");
  const fs::path named = fs::absolute(request.out).lexically_normal();
  const fs::path folder = (named.has_filename() ? named : named.parent_path()).parent_path();
  std::error_code none;
  if (!fs::is_directory(folder, none))
    Fail(ExitCode::kUsage, "--out {}: there is no folder {}: make it first", request.out.string(),
         folder.string());
  std::error_code other;
  const bool is_model = fs::equivalent(request.out, request.model, other) ||
                        fs::equivalent(FindModel(request.out), FindModel(request.model), other);
  if (is_model)
    Fail(ExitCode::kUsage, "--out {}: that is the model itself: name another place",
         request.out.string());
  if (form.seal != nullptr) return CheckFolder(request, *form.seal);
  CheckFile(request, form);
}

}  // namespace

std::string ExportModel(const ExportRequest& request) {
  const Form form = FormOf(request.format);
  CheckRequest(request, form);
  const auto model = Scorer::Open(request.model, true);
  return form.write(request, *model);
}

}  // namespace fathom
