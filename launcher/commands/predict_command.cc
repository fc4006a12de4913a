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
#include "common/run_log.h"
#include "common/settings/config_file.h"
#include "launcher/commands/commands.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/run/trained_model.h"
#include "worker/ingest/ingest.h"
#include "worker/text/input_files.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// Nine significant digits tell any two float32 apart.
void WriteScores(const fs::path& file, const std::vector<float>& logits, bool as_logits) {
  ReplacedFile scores(file, ExitCode::kTraining);
  char line[64];
  for (const float logit : logits) {
    const int length = std::snprintf(line, sizeof(line), "%.9g\n",
                                     as_logits ? static_cast<double>(logit) : Sigmoid(logit));
    scores.out().write(line, length);
  }
  scores.Finish();
}

// Where standard output is from now on: whatever else is printed goes to standard error.
fs::path ScoresAloneOnOutput() {
  const int scores = dup(STDOUT_FILENO);
  if (scores < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
    Fail(ExitCode::kTraining, "standard output cannot be written: {}", std::strerror(errno));
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

// Every line must get its score, and needs no column that only training and evaluation ask for.
Config ScoringConfig(Config config) {
  config.data.max_bad_lines = 0;
  config.data.filter.clear();
  config.data.split_by.clear();
  config.evaluate.group_by.clear();
  return config;
}

// The scores as logits, by line.
std::vector<float> Score(const PredictArguments& arguments, const fs::path& packed,
                         MpiSession& mpi) {
  const TrainedModel model = OpenModel(arguments.model_dir);
  const Config config = ScoringConfig(LoadConfig(model.dir / "config.toml", arguments.overrides));
  const ModelSpec spec = MakeModelSpec(config);
  CheckSpec(model, spec);
  if (config.data.format == DataFormat::kGenerated) {
    Fail(ExitCode::kUsage,
         "{}: the model was trained on generated data, which have no text form to predict from",
         model.dir.string());
  }
  const PackedInput input = PackInput(config, spec, model.transforms_json,
                                      {GlobOf(fs::absolute(arguments.input))}, false, packed, 1);
  const Layout layout =
      MakeLayout(mpi.hosts(), config.cluster, Partitions(config.server.partitions));
  RunRequest request;
  request.mode = RunMode::kEvaluate;
  request.data.evaluation = OpenPacked(input.path, spec, DataPart::kTest);
  request.model_dir = model.dir;
  request.model = IdentityOf(model.manifest);
  request.coordinator.labelled = false;
  return ExecuteRun(config, spec, layout, mpi, std::move(request)).logits;
}

}  // namespace

void PredictCommand(const PredictArguments& arguments, MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom predict runs in one process: start it without mpirun");
  const fs::path output =
      GoesToOutput(arguments.output) ? ScoresAloneOnOutput() : fs::path(arguments.output);
  const ScratchFolder scratch(TemporaryFolder(), "predict");
  std::vector<float> logits;
  ReadOneModel({arguments.model_dir},
               [&] { logits = Score(arguments, scratch.path() / "input.fpk", mpi); });
  WriteScores(output, logits, arguments.logits);
  std::printf("%zu scores: %s\n", logits.size(), arguments.output.c_str());
}

}  // namespace fathom
