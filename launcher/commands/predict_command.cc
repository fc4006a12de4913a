#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/file/scratch_folder.h"
#include "common/metrics/metrics.h"
#include "common/metrics/row_coverage.h"
#include "common/run/model_identity.h"
#include "common/settings/model_settings.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/predict/opened_input.h"
#include "launcher/predict/scored_text.h"
#include "launcher/run/model_use.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/summary/evaluation_lines.h"
#include "worker/ingest/ingest.h"
#include "worker/ingest/remarks.h"
#include "worker/input/input_paths.h"
#include "worker/predict/scorer.h"
#include "worker/predict/trained_model.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// Lines of the input that have no score, and what comes of them.
struct Gaps {
  std::uint64_t blank_lines = 0;
  std::uint64_t bad_lines = 0;
  std::uint64_t allowed_bad_lines = 0;
  std::vector<BadLine> first_bad_lines;
};

// What is said of the scores once they are written.
struct Scored {
  std::uint64_t scores = 0;
  Gaps gaps;
  std::vector<FieldCoverage> coverage;
  std::string metrics;  // as lines, where they are wanted
};

// Where standard output is from now on: whatever else is printed goes to standard error.
fs::path ScoresAloneOnOutput() {
  const int scores = dup(STDOUT_FILENO);
  if (scores < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    Fail(ExitCode::kModel, "standard output cannot be written: {}", std::strerror(errno));
  return fmt::format("/dev/fd/{}", scores);
}

// "-", or a file that standard output goes to already, as /dev/stdout.
bool GoesToOutput(const fs::path& output) {
  if (output == "-") return true;
  struct stat named {};  // std::filesystem::equivalent knows no pipes
  struct stat standard {};
  return stat(output.c_str(), &named) == 0 && fstat(STDOUT_FILENO, &standard) == 0 &&
         named.st_dev == standard.st_dev && named.st_ino == standard.st_ino;
}

// Nor the model.
void RefuseToOverwriteInput(const PredictArguments& arguments, const fs::path& output,
                            const TrainedModel& model, const Config& config) {
  std::vector<fs::path> inputs = {arguments.input, model.dir, model.dir / kModelSeal.file};
  for (const ModelFileEntry& file : model.manifest.files) inputs.push_back(model.dir / file.name);
  for (const JoinConfig& join : config.joins)
    inputs.push_back(fs::path(config.data.dir) / join.file);
  RefuseInputAsOutput("--output " + arguments.output.string(), output, inputs);
}

// Says what has no score. Throws Error(kData) where more lines are bad than data.max_bad_lines.
void ReportGaps(const Gaps& gaps, const std::string& output) {
  if (gaps.bad_lines + gaps.blank_lines == 0) return;
  const std::string what =
      fmt::format("{} bad and {} blank lines of the input have no score and an empty line in {}",
                  gaps.bad_lines, gaps.blank_lines, output);
  if (gaps.bad_lines == 0) {
    Terminal::Errors().Write(fmt::format("fathom: warning: {}\n", what));
    return;
  }
  const BadLine& first = gaps.first_bad_lines.front();
  const std::string where = fmt::format("{}:{}: {}", first.file, first.line, first.reason);
  if (gaps.bad_lines > gaps.allowed_bad_lines) {
    Fail(ExitCode::kData, "{}. {}: mend the input, or allow that many with data.max_bad_lines",
         where, what);
  }
  Terminal::Errors().Write(fmt::format("fathom: warning: {}. {}\n", where, what));
}

// Says which columns have values that the model has no row for.
void ReportCoverage(const std::vector<FieldCoverage>& coverage) {
  if (const std::string missing = DescribeCoverage(coverage); !missing.empty())
    Terminal::Errors().Write(fmt::format("fathom: values without a row: {}\n", missing));
  for (const FieldCoverage& field : HardlyKnown(coverage))
    Terminal::Errors().Write(fmt::format("fathom: warning: {}\n", DescribeHardlyKnown(field)));
}

// A line of output for each line of input: none is left out.
void WarnOfFilter(const Config& bound) {
  if (bound.data.filter.empty()) return;
  Terminal::Errors().Write(
      "fathom: warning: data.filter is not applied: scores and metrics are of all lines; `fathom "
      "evaluate` leaves out what it leaves out\n");
}

// As evaluate does.
void WarnOfTrainedFiles(const Config& trained, const PackedInput& input) {
  for (const Remark& remark : RemarksOnTrainedFiles(trained, input))
    Terminal::Errors().Write(fmt::format("fathom: warning: {}\n", remark.text));
}

[[noreturn]] void FailNoExample(const std::string& input, const std::vector<BadLine>& bad) {
  Fail(ExitCode::kData, "{}: there is no example in it{}", input,
       bad.empty() ? "" : fmt::format("; line {}: {}", bad[0].line, bad[0].reason));
}

// The model and the config that is bound to it.
struct BoundModel {
  TrainedModel model;
  Config config;
};

BoundModel Bind(const PredictArguments& arguments, const fs::path& output) {
  BoundModel bound{.model = OpenModel(arguments.model_dir), .config = {}};
  const Config given = OwnConfig(bound.model, arguments.overrides);
  bound.config = BindToModel(given, bound.model);
  RefuseWithoutTexts(bound.config.data.format, bound.model.dir, "predict from");
  RefuseToOverwriteInput(arguments, output, bound.model, bound.config);
  return bound;
}

int AllCores() { return static_cast<int>(std::max(1U, std::thread::hardware_concurrency())); }

// What comes through a pipe is scored and written as it comes; a file, block by block.
Scored ScoreLines(const PredictArguments& arguments, const fs::path& output) {
  std::unique_ptr<const Scorer> scorer;
  ReadOneModel({arguments.model_dir}, [&] {
    BoundModel bound = Bind(arguments, output);
    auto rows = OpenRows(bound.model, RowCheck::kAll);
    Config config = ConfigOfLines(bound.config);
    scorer = std::make_unique<Scorer>(std::move(bound.model), std::move(config), std::move(rows),
                                      arguments.joins);
  });
  const OpenedInput input(arguments.input, scorer->config().data.format);
  // Whoever talks through two FIFOs opens both before the first line.
  ReplacedFile scores(output, ExitCode::kModel);
  std::unique_ptr<BlockSource> text;
  const DataRecords records = input.Read(scorer->schema(), &text);
  ScoredText scored =
      ScoreText(*scorer, records, *text, {.as_logits = arguments.logits, .threads = AllCores()},
                [&](std::string_view lines) {
                  scores.out().write(lines.data(), static_cast<std::streamsize>(lines.size()));
                  scores.Flush();
                });
  if (scored.scores == 0) FailNoExample(input.name(), scored.first_bad_lines);
  scores.Finish();
  return {
      .scores = scored.scores,
      .gaps = {.blank_lines = scored.blank_lines,
               .bad_lines = scored.bad_lines,
               .allowed_bad_lines = static_cast<std::uint64_t>(scorer->config().data.max_bad_lines),
               .first_bad_lines = std::move(scored.first_bad_lines)},
      .coverage = std::move(scored.coverage),
      .metrics = {}};
}

// A line for each line of the input, an empty one where there is no score. Nine significant digits
// tell any two float32 apart.
void WriteScores(const fs::path& file, const PackedInput& input, const std::vector<float>& logits,
                 bool as_logits) {
  ReplacedFile scores(file, ExitCode::kModel);
  char line[64];
  std::uint64_t lines = 0;
  auto gap = input.gaps.begin();
  const auto write_gaps = [&] {
    for (; gap != input.gaps.end() && *gap == lines; ++gap, ++lines) scores.out().put('\n');
  };
  for (const float logit : logits) {
    write_gaps();
    ++lines;
    const int length = std::snprintf(line, sizeof(line), "%.9g\n",
                                     as_logits ? static_cast<double>(logit) : Sigmoid(logit));
    scores.out().write(line, length);
  }
  write_gaps();
  scores.Finish();
}

// What evaluation asks for stays: labels, weights and groups are packed, and the coordinator of a
// run in this process computes the metrics of all examples at once.
Config ConfigWithLabels(const Config& config) {
  Config lines = ConfigOfLines(config);
  lines.data.weight = config.data.weight;
  lines.evaluate.group_by = config.evaluate.group_by;
  return lines;
}

Scored ScoreAndEvaluate(const PredictArguments& arguments, const fs::path& output,
                        MpiSession& mpi) {
  const ScratchFolder scratch(TemporaryFolder(), "predict");
  PackedInput input;
  CoordinatorResult result;
  Config config;
  ReadOneModel({arguments.model_dir}, [&] {
    const BoundModel bound = Bind(arguments, output);
    const TrainedModel& model = bound.model;
    if (model.bundle != nullptr)
      Fail(
          ExitCode::kUsage,
          "{}: --metrics scores through servers, which read a model's folder: name the folder that "
          "the bundle was made of, or leave --metrics out",
          model.dir.string());
    config = ConfigWithLabels(bound.config);
    const ModelSpec spec = SpecOf(model, config);
    input = PackInput(config, spec, model.inputs(arguments.joins), {arguments.input}, true,
                      BadLines::kAreGaps, scratch.path() / "input.fpk", 1);
    WarnOfTrainedFiles(model.config, input);
    WarnOfFilter(bound.config);
    const Layout layout =
        MakeLayout(mpi.hosts(), config.cluster, Partitions(config.server.partitions));
    result = ExecuteRun(
        config, spec, layout, mpi,
        ScoringRequest(OpenPacked(input.path, spec, DataPart::kTest), model.dir, model.manifest));
  });
  WriteScores(output, input, result.logits, arguments.logits);
  return {.scores = result.logits.size(),
          .gaps = {.blank_lines = input.gaps.size() - input.bad_lines,
                   .bad_lines = input.bad_lines,
                   .allowed_bad_lines = static_cast<std::uint64_t>(config.data.max_bad_lines),
                   .first_bad_lines = std::move(input.first_bad_lines)},
          .coverage = {},
          .metrics = EvaluationLines(config, result.report.metrics)};
}

}  // namespace

void PredictCommand(const PredictArguments& arguments, MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom predict runs in one process: start it without mpirun");
  const fs::path output =
      GoesToOutput(arguments.output) ? ScoresAloneOnOutput() : fs::path(arguments.output);
  const Scored scored =
      arguments.metrics ? ScoreAndEvaluate(arguments, output, mpi) : ScoreLines(arguments, output);
  std::printf("%llu scores: %s\n%s", static_cast<unsigned long long>(scored.scores),
              arguments.output.c_str(), scored.metrics.c_str());
  ReportCoverage(scored.coverage);
  ReportGaps(scored.gaps, arguments.output.string());
}

}  // namespace fathom
