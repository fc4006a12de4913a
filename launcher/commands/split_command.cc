#include <algorithm>
#include <cstdio>
#include <thread>

#include "common/error.h"
#include "common/settings/config_file.h"
#include "launcher/commands/commands.h"
#include "launcher/run/run_data.h"
#include "worker/ingest/remarks.h"
#include "worker/ingest/text_split.h"

namespace fathom {
namespace {

using Count = unsigned long long;

// All that the data have, if none are named.
std::vector<DataPart> PartsOf(const std::vector<std::string>& names, const DataConfig& data) {
  std::vector<DataPart> parts;
  for (const std::string& name : names) {
    const auto place = std::find(std::begin(kDataPartNames), std::end(kDataPartNames), name);
    if (place == std::end(kDataPartNames))
      Fail(ExitCode::kUsage, "--parts: \"{}\" is no part: train, validation, test", name);
    const auto part = static_cast<DataPart>(place - std::begin(kDataPartNames));
    if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  }
  if (!parts.empty()) return parts;
  parts.push_back(DataPart::kTrain);
  if (data.validation_fraction > 0) parts.push_back(DataPart::kValidation);
  if (data.test_fraction > 0 || !data.test.empty()) parts.push_back(DataPart::kTest);
  return parts;
}

}  // namespace

void SplitCommand(const ConfigArguments& arguments, const SplitArguments& split) {
  const Config config = LoadConfig(arguments.file, arguments.overrides);
  const auto threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const TextSplit result =
      SplitText(config, MakeModelSpec(config), PartsOf(split.parts, config.data), split.out,
                threads, [](const IngestProgress&) {});
  for (const SplitPart& part : result.parts) {
    std::printf("%-10s %llu lines, %llu of them positive: %s\n",
                std::string(kDataPartNames[static_cast<std::size_t>(part.part)]).c_str(),
                static_cast<Count>(part.lines), static_cast<Count>(part.positives),
                part.file.c_str());
  }
  LogRemarks(RemarksOnRepeatedFiles(config));
  LogFilteredLines(result.filtered_lines);
  LogBadLines(result.bad_lines, result.first_bad_lines);
}

}  // namespace fathom
