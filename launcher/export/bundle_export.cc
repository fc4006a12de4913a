// bundle: one file that scoring maps (docs/model-format.md): the model's texts as they are, the
// dense values, and of each table keys, weights and embeddings, without what only training needs.
#include <cstring>

#include "common/bfloat16.h"
#include "common/buffer.h"
#include "common/error.h"
#include "common/file/assembled_file.h"
#include "common/model/checked_file.h"
#include "common/model/dense_file.h"
#include "common/model/partition_file.h"
#include "common/xxh3.h"
#include "launcher/export/exporters.h"
#include "worker/predict/bundle.h"

namespace fathom {
namespace {

std::uint64_t Aligned(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

// The model's texts: its files that hold no parameters.
std::vector<const ModelFileEntry*> TextsOf(const Manifest& manifest) {
  std::vector<const ModelFileEntry*> texts;
  for (const ModelFileEntry& file : manifest.files) {
    if (file.name != kDenseFile && !PartitionOfFile(file.name)) texts.push_back(&file);
  }
  return texts;
}

// The manifest as it stands, so that the bundle is known for the same model.
std::string ManifestTextOf(const TrainedModel& model) {
  if (model.bundle) return model.bundle->Text(kModelSeal.file);
  const std::filesystem::path file = model.dir / kModelSeal.file;
  const Buffer bytes = ReadFile(file, kModelRemedy);
  if (Xxh3(bytes.bytes()) != model.manifest.digest)
    Fail(ExitCode::kModel, "{}: the model was replaced while it was exported: export it again",
         file.string());
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class BundleWriter {
 public:
  BundleWriter(const ExportRequest& request, const Scorer& model)
      : request_(request), model_(model), manifest_(ManifestTextOf(model.model())) {}

  std::string Write() {
    const TrainedModel& model = model_.model();
    std::uint64_t rows = 0;
    Place(kModelSeal.file, manifest_.size());
    for (const ModelFileEntry* text : TextsOf(model.manifest)) Place(text->name, text->bytes);
    Place(kDenseSection, model_.rows().dense().size_bytes());
    for (std::size_t t = 0; t < model.manifest.tables.size(); ++t) {
      PlaceTable(model.manifest.tables[t], model.manifest.Rows(t));
      rows += model.manifest.Rows(t);
    }
    header_.sections = static_cast<std::uint32_t>(sections_.size());
    const std::uint64_t first =
        Aligned(sizeof(header_) + sections_.size() * sizeof(BundleSection), kSectionAlignment);
    for (BundleSection& section : sections_) section.offset += first;
    header_.bytes = end_ + first;
    WriteSections();
    return fmt::format("bundle: {}, {:.1f} MB, {} rows in {} tables\n", request_.out.string(),
                       static_cast<double>(header_.bytes) / 1e6, rows,
                       model.manifest.tables.size());
  }

 private:
  // Offsets count from the first section until all are known.
  void Place(std::string_view name, std::uint64_t bytes) {
    BundleSection section{.offset = end_, .bytes = bytes};
    if (name.size() >= sizeof(section.name))
      Fail(ExitCode::kModel, "{}: the name {} is too long for a bundle", request_.out.string(),
           name);
    std::memcpy(section.name, name.data(), name.size());
    sections_.push_back(section);
    end_ = Aligned(end_ + bytes, kSectionAlignment);
  }

  void PlaceTable(const TableSpec& table, std::uint64_t rows) {
    const bool halves = WritesHalves(request_, model_, table);
    if (halves && table.precision == Precision::kFloat32) header_.rounded = 1;
    Place(KeysSection(table.name), rows * sizeof(Key));
    if (table.wide) Place(WideSection(table.name), rows * sizeof(float));
    if (table.dim > 0)
      Place(EmbeddingsSection(table.name),
            rows * static_cast<std::uint64_t>(table.dim) * (halves ? 2 : sizeof(float)));
  }

  void WriteSections() {
    AssembledFile file(request_.out, header_.bytes, ExitCode::kModel);
    std::vector<AssembledFile::Part*> parts;
    for (const BundleSection& section : sections_)
      parts.push_back(&file.AddPart(section.offset, section.bytes));
    const TrainedModel& model = model_.model();
    std::size_t at = 0;
    parts[at++]->Write(std::as_bytes(std::span(manifest_)));
    for (const ModelFileEntry* entry : TextsOf(model.manifest)) {
      const std::string text = ReadModelText(model, entry->name);
      parts[at++]->Write(std::as_bytes(std::span(text)));
    }
    parts[at++]->Write(std::as_bytes(model_.rows().dense()));
    for (std::size_t t = 0; t < model.manifest.tables.size(); ++t) at = WriteTable(t, at, parts);
    for (std::size_t s = 0; s < sections_.size(); ++s) sections_[s].checksum = parts[s]->Checksum();
    header_.checksum = ChecksumOf(header_, sections_);
    file.WriteAt(0, BytesOf(header_));
    file.WriteAt(sizeof(header_), std::as_bytes(std::span(sections_)));
    file.Finish();
  }

  // Returns the first part behind the table's.
  std::size_t WriteTable(std::size_t t, std::size_t at,
                         const std::vector<AssembledFile::Part*>& parts) {
    const TableSpec& table = model_.model().manifest.tables[t];
    AssembledFile::Part* const keys = parts[at++];
    AssembledFile::Part* const wide = table.wide ? parts[at++] : nullptr;
    AssembledFile::Part* const embeddings = table.dim > 0 ? parts[at++] : nullptr;
    const bool halves = WritesHalves(request_, model_, table);
    std::vector<std::uint16_t> rounded(static_cast<std::size_t>(table.dim));
    model_.rows().ForEach(t, [&](Key key, float weight, std::span<const float> embedding) {
      keys->Write(BytesOf(key));
      if (wide != nullptr) wide->Write(BytesOf(weight));
      if (embeddings == nullptr) return;
      if (!halves) return embeddings->Write(std::as_bytes(embedding));
      ToBfloat16(embedding, rounded.data());
      embeddings->Write(std::as_bytes(std::span(rounded)));
    });
    return at;
  }

  const ExportRequest& request_;
  const Scorer& model_;
  std::string manifest_;
  BundleHeader header_;
  std::vector<BundleSection> sections_;
  std::uint64_t end_ = 0;
};

}  // namespace

std::string ExportBundle(const ExportRequest& request, const Scorer& model) {
  return BundleWriter(request, model).Write();
}

}  // namespace fathom
