#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>

#include "common/buffer.h"
#include "common/error.h"
#include "common/file/scratch_folder.h"
#include "common/run_log.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/run/one_model.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

bool HasTestFiles(const Config& config) {
  return !config.data.test.empty() && config.evaluate.on == EvaluationPart::kTest;
}

// data.test files are packed with the model's own transforms. A part that is split off the
// training files exists only together with the transforms fitted on the rest, which must then be
// the model's.
std::unique_ptr<ExampleSource> EvaluationData(const Config& config, const ModelSpec& spec,
                                              const TrainedModel& model, const fs::path& scratch,
                                              MpiSession& mpi) {
  if (HasTestFiles(config)) {
    const fs::path file = scratch / "evaluate.fpk";
    const PackedInput input =
        PackInput(config, spec, model.transforms_json, config.data.test, true, file, 1);
    if (mpi.rank() == 0) {
      LogRemarks(RemarksOnTrainedFiles(LoadConfig(model.dir / "config.toml", {}), input));
      LogFilteredLines(input.filtered_lines);
      LogBadLines(input.bad_lines, input.first_bad_lines);
    }
    auto data = OpenPacked(file, spec, DataPart::kTest);
    RefuseMixedData("test", data.get(), input.positives, mpi);
    return data;
  }
  OpenedData opened = OpenData(config, spec, mpi);
  if (opened.transforms_json != model.transforms_json) {
    Fail(ExitCode::kModel,
         "{}: the model was trained on other data than this config names: its vocabularies or "
         "quantiles "
         "differ; name the files to evaluate on with data.test",
         model.dir.string());
  }
  return std::move(opened.data.evaluation);
}

// Several may run in one folder, beside a training too: each has logs of its own.
void StartOwnLog(const fs::path& logs, MpiSession& mpi) {
  int number = mpi.rank() == 0 ? ReserveLogNumber(logs, "evaluate") : 0;
  mpi.Broadcast(std::as_writable_bytes(std::span(&number, 1)));
  StartLogging(logs, fmt::format("evaluate-{}.{}", number, RankLogName(mpi.rank())),
               mpi.rank() == 0);
}

CoordinatorResult Evaluate(const Config& config, const Layout& layout, const fs::path& model_dir,
                           const fs::path& scratch, MpiSession& mpi) {
  const ModelSpec spec = MakeModelSpec(config);
  const OneModel one(config, layout, model_dir, mpi);
  const TrainedModel& model = one.model();
  CheckSpec(model, spec);
  auto data = EvaluationData(config, spec, model, scratch, mpi);
  if (!data) {
    Fail(ExitCode::kUsage,
         "evaluate.on = \"{}\", but the data have no such part: give data.test, data.test_fraction "
         "or data.validation_fraction",
         NameOf(config.evaluate.on));
  }
  RunRequest request;
  request.mode = RunMode::kEvaluate;
  request.data.evaluation = std::move(data);
  request.model_dir = one.dir();
  request.model = IdentityOf(model.manifest);
  return ExecuteRun(config, spec, layout, mpi, std::move(request));
}

void PrintEvaluation(const Config& config, const Metrics& m) {
  FlushTerminals();
  std::printf(
      "examples     %llu\nauc          %.6f\nauc_low      %.6f\nauc_high     %.6f\nlogloss      "
      "%.6f\n"
      "accuracy     %.6f\ncalibration  %.6f\n",
      static_cast<unsigned long long>(m.examples), m.auc, m.auc_low, m.auc_high, m.logloss,
      m.accuracy, m.calibration);
  if (m.gauc_groups > 0) {
    std::printf("gauc         %.6f   (%llu groups of %s)\n", m.gauc,
                static_cast<unsigned long long>(m.gauc_groups), config.evaluate.group_by.c_str());
  }
}

}  // namespace

void EvaluateCommand(const ConfigArguments& arguments, const fs::path& model_dir, MpiSession& mpi) {
  RefuseLonelyTask(mpi.ranks());
  GivenKeys given;
  const Config config = LoadConfig(arguments.file, arguments.overrides, &given);
  MakeOutputDir(config.output.dir);
  StartOwnLog(fs::path(config.output.dir) / "logs", mpi);
  const Layout layout = PlanLayout(config, mpi);
  WarnOfIdleSettings(config, given, arguments, layout, mpi.rank() == 0);
  if (mpi.rank() == 0) WarnOfIdleHosts(layout);
  std::optional<ScratchFolder> scratch;
  if (HasTestFiles(config)) scratch.emplace(PackedDir(config), "evaluate");
  CoordinatorResult result;
  const auto evaluate = [&] {
    result = Evaluate(config, layout, model_dir, scratch ? scratch->path() : fs::path(), mpi);
  };
  ReadOneModelTogether(model_dir, mpi, evaluate);
  if (mpi.rank() == 0) PrintEvaluation(config, result.report.metrics);
}

}  // namespace fathom
