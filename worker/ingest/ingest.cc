#include "worker/ingest/ingest.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "common/error.h"
#include "common/file/published_folder.h"
#include "common/file/replaced_file.h"
#include "common/file/text_file.h"
#include "common/model/model_text.h"
#include "common/xxh3.h"
#include "worker/data/packed_data.h"
#include "worker/feature/side_rows.h"
#include "worker/ingest/data_files.h"
#include "worker/ingest/fingerprint.h"
#include "worker/ingest/packed_limit.h"
#include "worker/ingest/packer.h"
#include "worker/input/input_paths.h"
#include "worker/input/input_spool.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kPartFiles[kDataParts] = {"train.fpk", "validation.fpk", "test.fpk"};

// The summary's file is what makes a folder of packed data whole.
constexpr PublishedFolder::Seal kPackedSeal = {.file = "ingest.json", .word = "bytes_read"};

Json FindingsJson(const DataFindings& findings) {
  Json root = Json::object();
  root["constant_columns"] = findings.constant_columns;
  root["exact_lines"] = findings.exact_lines;
  root["parts"] = Json::array();
  for (std::size_t p = 0; p < kDataParts; ++p) {
    Json part = Json::object();
    part["lines_of_training"] = findings.shared_lines[p];
    part["unseen"] = Json::array();
    for (const UnseenValues& unseen : findings.unseen[p]) {
      part["unseen"].push_back({{"column", unseen.column},
                                {"values", unseen.values},
                                {"unseen", unseen.unseen},
                                {"one_in", unseen.one_in}});
    }
    root["parts"].push_back(std::move(part));
  }
  return root;
}

DataFindings FindingsOf(const Json& root) {
  DataFindings findings;
  findings.constant_columns = root.at("constant_columns");
  findings.exact_lines = root.at("exact_lines");
  for (std::size_t p = 0; p < kDataParts; ++p) {
    const Json& part = root.at("parts").at(p);
    findings.shared_lines[p] = part.at("lines_of_training");
    for (const Json& unseen : part.at("unseen"))
      findings.unseen[p].push_back(
          {unseen.at("column"), unseen.at("values"), unseen.at("unseen"), unseen.at("one_in")});
  }
  return findings;
}

std::string SummaryJson(const PackSummary& summary) {
  Json root = Json::object();
  root["inputs"] = summary.inputs;
  root["transforms"] = summary.transforms;
  root["side_tables"] = summary.side_tables;
  root["names"] = summary.names;
  root["parts"] = Json::array();
  for (std::size_t p = 0; p < summary.parts.size(); ++p) {
    root["parts"].push_back({{"examples", summary.parts[p].examples},
                             {"positives", summary.parts[p].positives},
                             {"fingerprint", summary.parts[p].fingerprint}});
    if (summary.parts[p].weights.all == 0) continue;
    root["parts"].back()["weight"] = summary.parts[p].weights.all;
    root["parts"].back()["positive_weight"] = summary.parts[p].weights.positives;
  }
  root["bytes_read"] = summary.bytes_read;
  root["unmatched_joins"] = summary.unmatched_joins;
  root["filtered_lines"] = summary.filtered_lines;
  root["findings"] = FindingsJson(summary.findings);
  root["bad_lines"] = summary.bad_lines;
  root["first_bad_lines"] = Json::array();
  for (const BadLine& line : summary.first_bad_lines) {
    root["first_bad_lines"].push_back(
        {{"file", line.file}, {"line", line.line}, {"reason", line.reason}});
  }
  return root.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ChecksumOf(const std::string& text) {
  return fmt::format("{:016x}", Xxh3(std::as_bytes(std::span(text))));
}

PackSummary ReadSummary(const fs::path& file) {
  PackSummary summary;
  try {
    const Json root = Json::parse(ReadText(file));
    for (std::size_t p = 0; p < summary.parts.size(); ++p) {
      const Json& part = root.at("parts").at(p);
      summary.parts[p] = {
          .examples = part.at("examples"),
          .positives = part.at("positives"),
          .weights = {part.value("weight", 0.0), part.value("positive_weight", 0.0)},
          .fingerprint = part.at("fingerprint")};
    }
    summary.inputs = root.at("inputs");
    summary.transforms = root.at("transforms");
    summary.side_tables = root.at("side_tables");
    summary.names = root.value("names", "");
    summary.bytes_read = root.at("bytes_read");
    summary.unmatched_joins = root.at("unmatched_joins");
    summary.filtered_lines = root.at("filtered_lines");
    summary.findings = FindingsOf(root.at("findings"));
    summary.bad_lines = root.at("bad_lines");
    for (const Json& line : root.at("first_bad_lines"))
      summary.first_bad_lines.push_back({line.at("file"), line.at("line"), line.at("reason")});
  } catch (const nlohmann::json::exception& error) {
    Fail(ExitCode::kData,
         "{}: the summary of the packed data was altered ({}): remove its folder and let it be "
         "packed again",
         file.string(), error.what());
  }
  return summary;
}

// Whoever puts other files in the place of those that were packed trains on other data.
void CheckText(const fs::path& file, const std::string& checksum) {
  if (ChecksumOf(ReadText(file)) == checksum) return;
  Fail(ExitCode::kData,
       "{}: it was altered (checksum): remove its folder and let it be packed again from the text",
       file.string());
}

void CheckParts(const fs::path& dir, const PackSummary& summary, const ModelSpec& spec) {
  if (summary.inputs != dir.filename().string()) {
    Fail(ExitCode::kData,
         "{}: it was packed from other files or for other columns ({}): remove it and let it be "
         "packed again from the text",
         dir.string(), summary.inputs);
  }
  CheckText(dir / kTransformsFile, summary.transforms);
  for (std::size_t j = 0; j < summary.side_tables.size(); ++j)
    CheckText(dir / SideTableName(j), summary.side_tables[j]);
  if (!summary.names.empty()) CheckText(dir / kNamesFile, summary.names);
  for (std::size_t p = 0; p < summary.parts.size(); ++p) {
    if (summary.parts[p].examples == 0) continue;
    const fs::path file = dir / kPartFiles[p];
    const PackedData packed(file, spec, static_cast<DataPart>(p));
    if (packed.fingerprint() == summary.parts[p].fingerprint) continue;
    Fail(ExitCode::kData,
         "{}: it holds {} examples, {} of them positive, of other data than those that were packed "
         "here ({} and {}): remove its folder and let it be packed again from the text",
         file.string(), packed.examples(), packed.positives(), summary.parts[p].examples,
         summary.parts[p].positives);
  }
}

void CheckLabels(const PackSummary& summary, const DataConfig& data) {
  const PackedPart& train = summary.parts[static_cast<std::size_t>(DataPart::kTrain)];
  if (train.examples == 0 && summary.filtered_lines > 0) {
    Fail(ExitCode::kData,
         "data.filter leaves out all {} lines of the training part: check its tests",
         summary.filtered_lines);
  }
  if (train.examples == 0) {
    Fail(ExitCode::kData,
         "data.train holds no example for the training part: check the files, data.test_fraction "
         "and data.validation_fraction");
  }
  if (train.positives == 0 || train.positives == train.examples) {
    Fail(ExitCode::kData,
         "all {} labels of the training part are {}: there is nothing to learn; check data.label = "
         "\"{}\"",
         train.examples, train.positives == 0 ? 0 : 1, data.label);
  }
  if (!data.weight.empty() && !(train.weights.all > 0)) {
    Fail(
        ExitCode::kData,
        "all {} weights of the training part are 0: there is nothing to learn; check data.weight = "
        "\"{}\"",
        train.examples, data.weight);
  }
}

IngestResult MakeResult(const fs::path& dir, const PackSummary& summary) {
  IngestResult result;
  const auto path = [&](DataPart part) {
    const auto p = static_cast<std::size_t>(part);
    return summary.parts[p].examples > 0 ? dir / kPartFiles[p] : fs::path();
  };
  const auto part = [&](DataPart p) { return summary.parts[static_cast<std::size_t>(p)]; };
  result.train = path(DataPart::kTrain);
  result.validation = path(DataPart::kValidation);
  result.test = path(DataPart::kTest);
  result.transforms = dir / kTransformsFile;
  for (std::size_t j = 0; j < summary.side_tables.size(); ++j)
    result.side_tables.push_back(dir / SideTableName(j));
  if (!summary.names.empty()) result.names = dir / kNamesFile;
  result.train_examples = part(DataPart::kTrain).examples;
  result.train_positives = part(DataPart::kTrain).positives;
  result.train_weights = part(DataPart::kTrain).weights;
  result.validation_examples = part(DataPart::kValidation).examples;
  result.validation_positives = part(DataPart::kValidation).positives;
  result.test_examples = part(DataPart::kTest).examples;
  result.test_positives = part(DataPart::kTest).positives;
  result.bytes_read = summary.bytes_read;
  result.unmatched_joins = summary.unmatched_joins;
  result.filtered_lines = summary.filtered_lines;
  result.findings = summary.findings;
  result.bad_lines = summary.bad_lines;
  result.first_bad_lines = summary.first_bad_lines;
  return result;
}

// The joined tables as the model will keep them. Returns their checksums.
std::vector<std::string> KeepSideTables(const InputSchema& schema, const fs::path& dir) {
  const Config& config = schema.config();
  std::vector<std::string> checksums;
  for (std::size_t j = 0; j < config.joins.size(); ++j) {
    const auto keeps = [&](const std::string& column) {
      return config.output.side_tables == SideTables::kAll || schema.AsksFor(j, column);
    };
    const std::string text = SideTableText(config.data, config.joins[j], keeps);
    ReplaceText(dir / SideTableName(j), text, ExitCode::kData);
    checksums.push_back(ChecksumOf(text));
  }
  return checksums;
}

// Returns the file's checksum.
std::string WriteNames(const NameList& names, const fs::path& dir) {
  ReplacedFile file(dir / kNamesFile, ExitCode::kData);
  Xxh3Stream checksum;
  names.Write([&](std::string_view text) {
    file.out().write(text.data(), static_cast<std::streamsize>(text.size()));
    checksum.Add(std::as_bytes(std::span(text.data(), text.size())));
  });
  file.Finish();
  return fmt::format("{:016x}", checksum.Digest());
}

// Packs into a folder beside, which takes its name once it is whole. Of two processes that pack
// the same, the one that comes second finds the name taken and its work done.
PackSummary PackInto(const fs::path& dir, Packer& packer, const InputSchema& schema,
                     const ModelSpec& spec, const std::string& earlier_transforms) {
  const PublishedFolder folder(dir, kPackedSeal, OwnPartialOf(dir).filename().string());
  folder.Start();
  const fs::path& partial = folder.partial();
  try {
    packer.FindTimeCuts();
    LearntTransforms transforms = packer.Learn();
    if (!earlier_transforms.empty())
      ContinueFrom(AnyTransformsFromJson(earlier_transforms), schema.config(), &transforms);
    const std::string learnt = TransformsToJson(transforms);
    ReplaceText(partial / kTransformsFile, learnt, ExitCode::kData);
    std::array<fs::path, kDataParts> paths;
    for (std::size_t p = 0; p < paths.size(); ++p) paths[p] = partial / kPartFiles[p];
    std::optional<NameList> names;
    if (schema.config().output.names) packer.KeepNames(&names.emplace(FieldNames(spec)));
    PackSummary summary = packer.Pack(transforms, paths);
    summary.inputs = dir.filename().string();
    summary.transforms = ChecksumOf(learnt);
    summary.side_tables = KeepSideTables(schema, partial);
    if (names) summary.names = WriteNames(*names, partial);
    ReplaceText(partial / kPackedSeal.file, SummaryJson(summary), ExitCode::kData);
    folder.Publish(PublishedFolder::Other::kStays);
    return summary;
  } catch (const Error& error) {
    std::error_code ignored;
    fs::remove_all(partial, ignored);
    if (error.code() != ExitCode::kModel) throw;
    throw Error(ExitCode::kData, error.what());
  }
}

// Packs one part of the files' examples.
PackedInput PackOne(const Config& config, const ModelSpec& spec, const ModelInputs& inputs,
                    bool labelled, BadLines bad_lines, std::vector<InputFile> files,
                    std::size_t first_test_file, DataPart part, const fs::path& packed_file,
                    int threads) {
  const InputSchema schema(config, labelled, inputs.side_tables);
  std::vector<fs::path> read;
  for (const InputFile& file : files) read.push_back(file.path);
  Packer packer(schema, spec, std::move(files), first_test_file, threads,
                [](const IngestProgress&) {});
  if (bad_lines == BadLines::kAreGaps) packer.NoteGaps();
  if (first_test_file > 0) packer.FindTimeCuts();
  const LearntTransforms transforms = TransformsFromJson(inputs.transforms_json, config);
  std::array<fs::path, kDataParts> paths;
  paths[static_cast<std::size_t>(part)] = packed_file;
  PackSummary summary = packer.Pack(transforms, paths);
  const PackedPart& packed = summary.parts[static_cast<std::size_t>(part)];
  return {.path = packed_file,
          .examples = packed.examples,
          .positives = packed.positives,
          .files = std::move(read),
          .file_examples = std::move(summary.file_examples),
          .filtered_lines = summary.filtered_lines,
          .bad_lines = summary.bad_lines,
          .first_bad_lines = summary.first_bad_lines,
          .gaps = std::move(summary.gaps)};
}

}  // namespace

bool ReadsOnce(const Config& config) {
  for (const auto& globs : {config.data.train, config.data.test}) {
    const auto files = ExpandGlobs(config.data.dir, globs);
    if (std::any_of(files.begin(), files.end(), CanBeReadOnce)) return true;
  }
  return false;
}

IngestResult Ingest(const Config& config, const ModelSpec& spec, const fs::path& packed_dir,
                    int threads, const std::function<void(const IngestProgress&)>& progress,
                    const std::string& earlier_transforms) {
  InputSpool spool(packed_dir, [&](std::uint64_t bytes) {
    progress({.stage = "reading", .bytes_read = bytes});
  });
  const DataFiles files(config, spool);
  const fs::path dir = packed_dir / Fingerprint(config, files.all, earlier_transforms);
  const bool reused = fs::exists(dir / kPackedSeal.file);
  const auto started = std::chrono::steady_clock::now();
  PackSummary summary;
  if (reused) {
    summary = ReadSummary(dir / kPackedSeal.file);
    CheckParts(dir, summary, spec);
    MarkUsed(dir, kPackedSeal);
  } else {
    const InputSchema schema(config, true);
    Packer packer(schema, spec, files.texts, files.first_test, threads, progress);
    summary = PackInto(dir, packer, schema, spec, earlier_transforms);
    KeepMostRecentlyUsed(dir, kPackedSeal, static_cast<std::size_t>(config.data.packed_keep));
  }
  const auto allowed = static_cast<std::uint64_t>(config.data.max_bad_lines);
  if (summary.bad_lines > allowed) {
    Fail(ExitCode::kData, "{}: packed with {} bad lines, data.max_bad_lines allows {}",
         dir.string(), summary.bad_lines, allowed);
  }
  CheckLabels(summary, config.data);
  IngestResult result = MakeResult(dir, summary);
  result.reused = reused;
  result.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  return result;
}

std::string DataMark(const Config& config) {
  if (Has(config.data.format, FormatTrait::kNoText) || ReadsOnce(config)) return {};
  InputSpool spool({}, [](std::uint64_t) {});
  return Fingerprint(config, DataFiles(config, spool).all, "");
}

fs::path FindPacked(const Config& config, const fs::path& packed_dir, const ModelInputs& inputs,
                    DataPart part) {
  const auto is_there = [&](const JoinConfig& join) {
    return fs::exists(SideTablePath(config.data, join));
  };
  if (ReadsOnce(config) || !std::all_of(config.joins.begin(), config.joins.end(), is_there))
    return {};
  InputSpool spool(packed_dir, [](std::uint64_t) {});
  const fs::path dir = packed_dir / Fingerprint(config, DataFiles(config, spool).all, "");
  if (!fs::exists(dir / kPackedSeal.file)) return {};
  const PackSummary summary = ReadSummary(dir / kPackedSeal.file);
  const auto p = static_cast<std::size_t>(part);
  if (summary.inputs != dir.filename().string() || summary.parts[p].examples == 0 ||
      ReadText(dir / kTransformsFile) != inputs.transforms_json)
    return {};
  std::vector<std::string> tables;
  for (std::size_t j = 0; inputs.side_tables != nullptr && j < inputs.side_tables->size(); ++j)
    tables.push_back(ChecksumOf((*inputs.side_tables)[j]));
  if (inputs.side_tables != nullptr && tables != summary.side_tables) return {};
  MarkUsed(dir, kPackedSeal);
  return dir / kPartFiles[p];
}

PackedInput PackInput(const Config& config, const ModelSpec& spec, const ModelInputs& inputs,
                      const std::vector<fs::path>& paths, bool labelled, BadLines bad_lines,
                      const fs::path& packed_file, int threads) {
  InputSpool spool(packed_file.parent_path(), [](std::uint64_t) {});
  std::vector<InputFile> files = spool.Take(paths);
  const std::string name = files.front().name;
  PackedInput input = PackOne(config, spec, inputs, labelled, bad_lines, std::move(files), 0,
                              DataPart::kTest, packed_file, threads);
  if (input.examples == 0) {
    const auto& bad = input.first_bad_lines;
    Fail(ExitCode::kData, "{}: there is no example in it{}", name,
         bad.empty() ? "" : fmt::format("; line {}: {}", bad[0].line, bad[0].reason));
  }
  return input;
}

PackedInput PackPart(const Config& config, const ModelSpec& spec, const ModelInputs& inputs,
                     DataPart part, const fs::path& packed_file, int threads) {
  const bool of_test_files = part == DataPart::kTest && !config.data.test.empty();
  InputSpool spool(packed_file.parent_path(), [](std::uint64_t) {});
  std::vector<InputFile> files = spool.Take(
      ExpandGlobs(config.data.dir, of_test_files ? config.data.test : config.data.train));
  const std::size_t first_test = of_test_files ? 0 : files.size();
  return PackOne(config, spec, inputs, true, BadLines::kAreLimited, std::move(files), first_test,
                 part, packed_file, threads);
}

}  // namespace fathom
