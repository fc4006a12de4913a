#include "worker/ingest/remarks.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "worker/feature/label.h"
#include "worker/input/input_paths.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

using Remarks = std::vector<Remark>;

constexpr double kManyShared = 0.01;    // of a part's lines
constexpr double kNearlyAll = 0.9;      // of a column's values
constexpr std::uint64_t kEnough = 100;  // values, to say so
constexpr std::uint64_t kEnoughOfSample = 10;
constexpr double kShownUnseen = 0.001;  // of a column's values

// None where they are no longer there.
std::vector<fs::path> FilesOf(const fs::path& dir, const std::vector<std::string>& patterns) {
  try {
    return ExpandGlobs(dir, patterns);
  } catch (const Error&) {
    return {};
  }
}

void WarnOfLabelAmongFeatures(const Config& config, Remarks* remarks) {
  const std::string label = LabelTest(config.data).column();
  for (const ColumnConfig& column : config.columns) {
    const bool crossed =
        std::any_of(config.crosses.begin(), config.crosses.end(), [&](const CrossConfig& cross) {
          return std::count(cross.columns.begin(), cross.columns.end(), column.name) > 0;
        });
    if (SourceOf(column) != label || (column.use == Use::kNone && !crossed)) continue;
    remarks->push_back({true, fmt::format("column {}: it is read from \"{}\", which data.label is "
                                          "too: the model sees the answer; remove the column",
                                          column.name, label)});
  }
}

void WarnOfConstantColumns(const DataFindings& findings, std::uint64_t examples, Remarks* remarks) {
  if (findings.constant_columns.empty()) return;
  remarks->push_back(
      {true,
       fmt::format("{} numeric column{} the same number in all {} training examples: {}. Nothing "
                   "can be learnt from such a column, and another number in other data does harm: "
                   "remove it",
                   findings.constant_columns.size(),
                   findings.constant_columns.size() == 1 ? " has" : "s have", examples,
                   fmt::join(findings.constant_columns, ", "))});
}

void TellSharedLines(const char* part, std::uint64_t shared, std::uint64_t examples, bool exact,
                     Remarks* remarks) {
  if (shared == 0 || examples == 0) return;
  const double share = static_cast<double>(shared) / static_cast<double>(examples);
  const std::string text =
      fmt::format("{}{} of the {} {} lines ({:.1f} %) are lines of the training part too",
                  exact ? "" : "about ", std::min(shared, examples), examples, part,
                  std::min(100 * share, 100.0));
  if (share < kManyShared) return remarks->push_back({false, text});
  remarks->push_back(
      {true, fmt::format(
                 "{}: what is measured on them is too good; are files in data.train and data.test?",
                 text)});
}

// Whether all lines with one value of the column's field are in the same part: then it is by the
// split that a part's values are in no other.
bool SplitKeepsTogether(const Config& config, DataPart part, const std::string& name) {
  const DataConfig& data = config.data;
  const double fraction = part == DataPart::kTest ? data.test_fraction : data.validation_fraction;
  if (fraction <= 0 || data.split_by.size() != 1) return false;
  return std::any_of(config.columns.begin(), config.columns.end(), [&](const ColumnConfig& column) {
    return column.name == name && SourceOf(column) == data.split_by.front();
  });
}

void TellUnseen(const Config& config, DataPart data_part, const char* part,
                const std::vector<UnseenValues>& columns, Remarks* remarks) {
  std::string shares;
  for (const UnseenValues& unseen : columns) {
    if (unseen.share() < kShownUnseen) continue;
    shares += fmt::format("{}{} {:.1f} %", shares.empty() ? "" : ", ", unseen.column,
                          100 * unseen.share());
  }
  if (!shares.empty())
    remarks->push_back(
        {false, fmt::format("{} values that the training part never has: {}", part, shares)});
  for (const UnseenValues& unseen : columns) {
    const bool enough =
        unseen.values >= kEnoughOfSample && unseen.values * unseen.one_in >= kEnough;
    if (!enough || unseen.share() < kNearlyAll ||
        SplitKeepsTogether(config, data_part, unseen.column))
      continue;
    remarks->push_back(
        {true, fmt::format("column {}: {:.1f} % of the {} values are unknown, of {} that were "
                           "looked at: are they written another way than in the training files, as "
                           "3.0 for 3?",
                           unseen.column, 100 * unseen.share(), part, unseen.values)});
  }
}

}  // namespace

Remarks RemarksOn(const Config& config, const IngestResult& result) {
  Remarks remarks;
  const DataFindings& findings = result.findings;
  WarnOfLabelAmongFeatures(config, &remarks);
  WarnOfConstantColumns(findings, result.train_examples, &remarks);
  const auto tell = [&](DataPart part, const char* name, std::uint64_t examples) {
    const auto p = static_cast<std::size_t>(part);
    TellSharedLines(name, findings.shared_lines[p], examples, findings.exact_lines, &remarks);
    TellUnseen(config, part, name, findings.unseen[p], &remarks);
  };
  tell(DataPart::kValidation, "validation", result.validation_examples);
  tell(DataPart::kTest, "test", result.test_examples);
  for (Remark& remark : RemarksOnRepeatedFiles(config)) remarks.push_back(std::move(remark));
  return remarks;
}

Remarks RemarksOnRepeatedFiles(const Config& config) {
  Remarks remarks;
  const auto tell = [&](const char* setting, const std::vector<std::string>& patterns) {
    const auto files = RepeatedFiles(FilesOf(config.data.dir, patterns));
    if (files.empty()) return;
    std::vector<std::string> names;
    for (const fs::path& file : files) names.push_back(file.string());
    remarks.push_back(
        {true, fmt::format("{} names {} more than once, and each time its lines are read again: if "
                           "that is not meant, name each file once",
                           setting, fmt::join(names, ", "))});
  };
  tell("data.train", config.data.train);
  tell("data.test", config.data.test);
  return remarks;
}

Remarks RemarksOnTrainedFiles(const Config& trained, const PackedInput& input) {
  const std::vector<fs::path> files = FilesOf(trained.data.dir, trained.data.train);
  std::uint64_t examples = 0;
  std::vector<std::string> names;
  for (std::size_t f = 0; f < input.files.size(); ++f) {
    std::error_code ignored;
    const bool same = std::any_of(files.begin(), files.end(), [&](const fs::path& file) {
      return fs::equivalent(file, input.files[f], ignored);
    });
    if (!same) continue;
    names.push_back(input.files[f].string());
    examples += input.file_examples[f];
  }
  if (names.empty()) return {};
  return {{true, fmt::format("{} of the {} examples come from files that the model was trained on: "
                             "{}. What is measured on them is too good",
                             examples, input.examples, fmt::join(names, ", "))}};
}

std::string SummaryForMetrics(const IngestResult& result) {
  using Json = nlohmann::ordered_json;
  const DataFindings& findings = result.findings;
  Json root = Json::object();
  root["train_examples"] = result.train_examples;
  root["filtered_lines"] = result.filtered_lines;
  root["bad_lines"] = result.bad_lines;
  root["constant_columns"] = findings.constant_columns;
  const auto add = [&](DataPart part, std::uint64_t examples) {
    if (examples == 0) return;
    const auto p = static_cast<std::size_t>(part);
    Json object = Json::object();
    object["examples"] = examples;
    object["lines_of_training"] = findings.shared_lines[p];
    object["unseen"] = Json::object();
    for (const UnseenValues& unseen : findings.unseen[p])
      object["unseen"][unseen.column] = unseen.share();
    root[std::string(kDataPartNames[p])] = std::move(object);
  };
  add(DataPart::kValidation, result.validation_examples);
  add(DataPart::kTest, result.test_examples);
  return root.dump();
}

}  // namespace fathom
