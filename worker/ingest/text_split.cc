#include "worker/ingest/text_split.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/file/text_file.h"
#include "worker/ingest/data_files.h"
#include "worker/ingest/packer.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kMark = "split.json";
constexpr const char* kFiles = "files";

// What an input is called when it is decompressed.
std::string PlainExtension(fs::path file) {
  if (file.extension() == ".gz" || file.extension() == ".zst") file.replace_extension();
  return file.extension().string();
}

std::vector<std::string> FilesOfEarlierSplit(const fs::path& folder) {
  try {
    return Json::parse(ReadText(folder / kMark)).at(kFiles).get<std::vector<std::string>>();
  } catch (const std::exception&) {  // there is none
    return {};
  }
}

void RefuseOthersFiles(const fs::path& folder, const TextSplit& split) {
  const std::vector<std::string> own = FilesOfEarlierSplit(folder);
  const auto refuse = [](const fs::path& file) {
    Fail(ExitCode::kUsage,
         "{}: it is there already and of no earlier split: give --out another folder, or move it "
         "away",
         file.string());
  };
  for (const SplitPart& part : split.parts) {
    const std::string name = part.file.filename().string();
    const bool is_own = std::find(own.begin(), own.end(), name) != own.end();
    if (fs::exists(fs::symlink_status(part.file)) && !is_own) refuse(part.file);
  }
  if (own.empty() && fs::exists(fs::symlink_status(folder / kMark))) refuse(folder / kMark);
}

// `whole`: the files are as it says.
void WriteMark(const fs::path& folder, const TextSplit& split, bool whole) {
  Json root = Json::object();
  root["whole"] = whole;
  root[kFiles] = Json::array();
  root["parts"] = Json::array();
  for (const SplitPart& part : split.parts) {
    const std::string name = part.file.filename().string();
    root[kFiles].push_back(name);
    root["parts"].push_back({{"part", kDataPartNames[static_cast<std::size_t>(part.part)]},
                             {"file", name},
                             {"lines", part.lines},
                             {"positives", part.positives}});
  }
  root["filtered_lines"] = split.filtered_lines;
  root["bad_lines"] = split.bad_lines;
  ReplaceText(folder / kMark, root.dump(1) + "\n", ExitCode::kData);
}

}  // namespace

TextSplit SplitText(const Config& config, const ModelSpec& spec, const std::vector<DataPart>& parts,
                    const fs::path& folder, int threads,
                    const std::function<void(const IngestProgress&)>& progress) {
  if (Has(config.data.format, FormatTrait::kNoText) || config.data.format == DataFormat::kParquet) {
    Fail(ExitCode::kUsage, "data.format = \"{}\" has no lines of text that could be split",
         NameOf(config.data.format));
  }
  InputSpool spool(folder, [](std::uint64_t) {});
  const DataFiles files(config, spool);
  TextSplit split;
  for (const DataPart part : parts) {
    const std::string name(kDataPartNames[static_cast<std::size_t>(part)]);
    split.parts.push_back(
        {.part = part, .file = folder / (name + PlainExtension(files.texts.front().name))});
  }
  RefuseOthersFiles(folder, split);
  const InputSchema schema(config, true);
  Packer packer(schema, spec, files.texts, files.first_test, threads, progress);
  const std::string header = packer.records().Header();
  packer.FindTimeCuts();
  const LearntTransforms transforms = packer.Learn();
  fs::create_directories(folder);
  WriteMark(folder, split, false);
  std::vector<std::unique_ptr<ReplacedFile>> written;
  Packer::TextStreams streams = {};
  for (const SplitPart& part : split.parts) {
    written.push_back(std::make_unique<ReplacedFile>(part.file, ExitCode::kData));
    written.back()->out() << header;
    streams[static_cast<std::size_t>(part.part)] = &written.back()->out();
  }
  const PackSummary summary = packer.WriteText(transforms, streams);
  for (const auto& file : written) file->Finish();
  for (SplitPart& part : split.parts) {
    part.lines = summary.parts[static_cast<std::size_t>(part.part)].examples;
    part.positives = summary.parts[static_cast<std::size_t>(part.part)].positives;
  }
  split.filtered_lines = summary.filtered_lines;
  split.bad_lines = summary.bad_lines;
  split.first_bad_lines = summary.first_bad_lines;
  WriteMark(folder, split, true);
  return split;
}

}  // namespace fathom
