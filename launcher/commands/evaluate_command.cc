#include <cstdio>
#include <filesystem>

#include "common/error.h"
#include "common/file/text_file.h"
#include "common/run_log.h"
#include "common/settings/config_file.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/run/trained_model.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// data.test files are packed with the model's own transforms. A part that is split off the
// training files exists only together with the transforms fitted on the rest, which must then be
// the model's.
std::unique_ptr<ExampleSource> EvaluationData(const Config& config, const ModelSpec& spec,
                                              const TrainedModel& model, MpiSession& mpi) {
  if (!config.data.test.empty() && config.evaluate.on == EvaluationPart::kTest) {
    const fs::path file = PackedDir(config) / fmt::format("evaluate-{}.fpk", mpi.rank());
    fs::create_directories(file.parent_path());
    const PackedInput input =
        PackInput(config, spec, model.transforms_json, config.data.test, true, file, 1);
    if (mpi.rank() == 0) LogBadLines(input.bad_lines, input.first_bad_lines);
    return OpenPacked(file, spec, DataPart::kTest);
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

}  // namespace

void EvaluateCommand(const ConfigArguments& arguments, const fs::path& model_dir, MpiSession& mpi) {
  GivenKeys given;
  const Config config = LoadConfig(arguments.file, arguments.overrides, &given);
  MakeOutputDir(config.output.dir);
  StartLogging(fs::path(config.output.dir) / "logs", mpi.rank(), mpi.rank() == 0);
  const ModelSpec spec = MakeModelSpec(config);
  const TrainedModel model = OpenModel(model_dir);
  CheckSpec(model, spec);
  const Layout layout = PlanLayout(config, mpi);
  WarnOfIdleSettings(config, given, arguments, layout, mpi.rank() == 0);
  auto data = EvaluationData(config, spec, model, mpi);
  if (!data) {
    Fail(ExitCode::kUsage,
         "evaluate.on = \"{}\", but the data have no such part: give data.test, data.test_fraction "
         "or "
         "data.validation_fraction",
         NameOf(config.evaluate.on));
  }
  RunRequest request;
  request.mode = RunMode::kEvaluate;
  request.data.evaluation = std::move(data);
  request.model_dir = model.dir;
  const CoordinatorResult result = ExecuteRun(config, spec, layout, mpi, std::move(request));
  if (mpi.rank() != 0) return;
  const Metrics& m = result.report.metrics;
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

}  // namespace fathom
