#include "worker/ingest/text_split.h"

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "common/error.h"
#include "common/file/given_folder.h"
#include "common/file/replaced_file.h"
#include "common/file/text_file.h"
#include "worker/ingest/data_files.h"
#include "worker/ingest/packer.h"
#include "worker/input/input_paths.h"

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
  std::set<std::string> names;
  for (const SplitPart& part : split.parts) {
    const std::string name = *names.insert(part.file.filename().string()).first;
    const bool is_own = std::find(own.begin(), own.end(), name) != own.end();
    if (fs::exists(fs::symlink_status(part.file)) && !is_own) refuse(part.file);
  }
  if (own.empty() && fs::exists(fs::symlink_status(folder / kMark))) refuse(folder / kMark);
  for (const std::string& name : own) {
    if (names.count(name) > 0 || !fs::exists(fs::symlink_status(folder / name))) continue;
    Fail(ExitCode::kUsage,
         "{}: it is of an earlier split, and this one does not write it: its lines may be in both. "
         "Give --out another folder, write all parts anew, or move it away",
         (folder / name).string());
  }
}

void RefuseToOverwriteInputs(const fs::path& folder, const DataFiles& files,
                             const TextSplit& split) {
  std::vector<fs::path> inputs;
  for (const InputFile& file : files.all) inputs.emplace_back(file.name);
  const std::string given = "--out " + folder.string() + ": ";
  for (const SplitPart& part : split.parts)
    RefuseInputAsOutput(given + part.file.filename().string(), part.file, inputs);
  RefuseInputAsOutput(given + kMark, folder / kMark, inputs);
}

void RefusePartsNotThere(const DataConfig& data, const std::vector<DataPart>& parts) {
  for (const DataPart part : parts) {
    if (part == DataPart::kValidation && data.validation_fraction == 0) {
      Fail(ExitCode::kUsage,
           "--parts: the data have no validation part: set data.validation_fraction, or leave "
           "\"validation\" out");
    }
    if (part == DataPart::kTest && data.test_fraction == 0 && data.test.empty()) {
      Fail(ExitCode::kUsage,
           "--parts: the data have no test part: set data.test or data.test_fraction, or leave "
           "\"test\" out");
    }
  }
}

// `whole`: the files are as it says. Else it is the first that is written: where that is refused,
// the folder is not one to name.
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
  ReplaceText(folder / kMark, root.dump(1) + "\n", whole ? ExitCode::kData : ExitCode::kUsage);
}

}  // namespace

TextSplit SplitText(const Config& config, const ModelSpec& spec, const std::vector<DataPart>& parts,
                    const fs::path& folder, int threads,
                    const std::function<void(const IngestProgress&)>& progress) {
  if (Has(config.data.format, FormatTrait::kNoText) || config.data.format == DataFormat::kParquet) {
    Fail(ExitCode::kUsage, "data.format = \"{}\" has no lines of text that could be split{}",
         NameOf(config.data.format),
         config.data.format == DataFormat::kParquet
             ? ": write CSV first, as with duckdb -c \"COPY (FROM 'log.parquet') TO 'log.csv'\""
             : "");
  }
  RefusePartsNotThere(config.data, parts);
  MakeWritableFolder(folder, "--out " + folder.string(),
                     "name a folder that may be written, as --out parts");
  InputSpool spool(folder, [](std::uint64_t) {});
  const DataFiles files(config, spool);
  TextSplit split;
  for (const DataPart part : parts) {
    const std::string name(kDataPartNames[static_cast<std::size_t>(part)]);
    split.parts.push_back(
        {.part = part, .file = folder / (name + PlainExtension(files.texts.front().name))});
  }
  RefuseOthersFiles(folder, split);
  RefuseToOverwriteInputs(folder, files, split);
  const InputSchema schema(config, true);
  Packer packer(schema, spec, files.texts, files.first_test, threads, progress);
  const std::string header = packer.records().Header();
  packer.FindTimeCuts();
  const LearntTransforms transforms = packer.Learn();
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
