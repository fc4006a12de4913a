#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/file/scratch_folder.h"
#include "common/metrics/metrics.h"
#include "common/run/model_identity.h"
#include "common/settings/config_file.h"
#include "common/settings/model_settings.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/evaluation_lines.h"
#include "launcher/run/model_use.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "worker/ingest/ingest.h"
#include "worker/ingest/remarks.h"
#include "worker/input/input_paths.h"
#include "worker/predict/scorer.h"
#include "worker/predict/trained_model.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// The lines of an input, in their order: each has a score, or is a gap.
struct Scores {
  std::vector<float> logits;
  PackedInput input;
  std::uint64_t allowed_bad_lines = 0;
  std::string metrics;  // as lines, where they are wanted
};

// A line for each line of the input, an empty one where there is no score. Nine significant digits
// tell any two float32 apart.
void WriteScores(const fs::path& file, const Scores& of, bool as_logits) {
  ReplacedFile scores(file, ExitCode::kModel);
  char line[64];
  std::uint64_t lines = 0;
  auto gap = of.input.gaps.begin();
  const auto write_gaps = [&] {
    for (; gap != of.input.gaps.end() && *gap == lines; ++gap, ++lines) scores.out().put('\n');
  };
  for (const float logit : of.logits) {
    write_gaps();
    ++lines;
    const int length = std::snprintf(line, sizeof(line), "%.9g\n",
                                     as_logits ? static_cast<double>(logit) : Sigmoid(logit));
    scores.out().write(line, length);
  }
  write_gaps();
  scores.Finish();
}

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

void RefuseToOverwriteInput(const PredictArguments& arguments, const fs::path& output,
                            const Config& config) {
  std::vector<fs::path> inputs = {arguments.input};
  for (const JoinConfig& join : config.joins)
    inputs.push_back(fs::path(config.data.dir) / join.file);
  RefuseInputAsOutput("--output " + arguments.output.string(), output, inputs);
}

// Says what has no score. Throws Error(kData) where more lines are bad than data.max_bad_lines.
void ReportGaps(const Scores& scores, const std::string& output) {
  const std::uint64_t bad = scores.input.bad_lines;
  const std::uint64_t blank = scores.input.gaps.size() - bad;
  if (scores.input.gaps.empty()) return;
  const std::string what =
      fmt::format("{} bad and {} blank lines of the input have no score and an empty line in {}",
                  bad, blank, output);
  if (bad == 0) {
    Terminal::Errors().Write(fmt::format("fathom: warning: {}\n", what));
    return;
  }
  const BadLine& first = scores.input.first_bad_lines.front();
  const std::string where = fmt::format("{}:{}: {}", first.file, first.line, first.reason);
  if (bad > scores.allowed_bad_lines) {
    Fail(ExitCode::kData, "{}. {}: mend the input, or allow that many with data.max_bad_lines",
         where, what);
  }
  Terminal::Errors().Write(fmt::format("fathom: warning: {}. {}\n", where, what));
}

// With metrics, what evaluation asks for stays.
Config ConfigFor(const Config& config, bool metrics) {
  Config lines = ConfigOfLines(config);
  if (!metrics) return lines;
  lines.data.weight = config.data.weight;
  lines.evaluate.group_by = config.evaluate.group_by;
  return lines;
}

// As evaluate does.
void WarnOfTrainedFiles(const Config& trained, const PackedInput& input) {
  for (const Remark& remark : RemarksOnTrainedFiles(trained, input))
    Terminal::Errors().Write(fmt::format("fathom: warning: {}\n", remark.text));
}

Scores Score(const PredictArguments& arguments, const fs::path& output, const fs::path& packed,
             MpiSession& mpi) {
  const TrainedModel model = OpenModel(arguments.model_dir);
  const Config given = LoadConfig(model.dir / "config.toml", arguments.overrides);
  const Config config = ConfigFor(BindToModel(given, model), arguments.metrics);
  const ModelSpec spec = SpecOf(model, config);
  if (config.data.format == DataFormat::kGenerated) {
    Fail(ExitCode::kUsage,
         "{}: the model was trained on generated data, which have no text form to predict from",
         model.dir.string());
  }
  RefuseToOverwriteInput(arguments, output, config);
  Scores scores;
  scores.input = PackInput(config, spec, model.inputs(), {arguments.input}, arguments.metrics,
                           BadLines::kAreGaps, packed, 1);
  if (arguments.metrics) WarnOfTrainedFiles(model.config, scores.input);
  scores.allowed_bad_lines = static_cast<std::uint64_t>(config.data.max_bad_lines);
  const Layout layout =
      MakeLayout(mpi.hosts(), config.cluster, Partitions(config.server.partitions));
  RunRequest request = ScoringRequest(OpenPacked(scores.input.path, spec, DataPart::kTest),
                                      model.dir, model.manifest);
  request.coordinator.labelled = arguments.metrics;
  CoordinatorResult result = ExecuteRun(config, spec, layout, mpi, std::move(request));
  scores.logits = std::move(result.logits);
  if (arguments.metrics) scores.metrics = EvaluationLines(config, result.report.metrics);
  return scores;
}

}  // namespace

void PredictCommand(const PredictArguments& arguments, MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom predict runs in one process: start it without mpirun");
  const fs::path output =
      GoesToOutput(arguments.output) ? ScoresAloneOnOutput() : fs::path(arguments.output);
  const ScratchFolder scratch(TemporaryFolder(), "predict");
  Scores scores;
  ReadOneModel({arguments.model_dir},
               [&] { scores = Score(arguments, output, scratch.path() / "input.fpk", mpi); });
  WriteScores(output, scores, arguments.logits);
  std::printf("%zu scores: %s\n%s", scores.logits.size(), arguments.output.c_str(),
              scores.metrics.c_str());
  ReportGaps(scores, arguments.output.string());
}

}  // namespace fathom
