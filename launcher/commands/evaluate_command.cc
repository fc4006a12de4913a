#include <cstdio>
#include <filesystem>
#include <optional>
#include <span>

#include "common/buffer.h"
#include "common/error.h"
#include "common/file/scratch_folder.h"
#include "common/log/run_log.h"
#include "common/log_line.h"
#include "common/settings/config_difference.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/run/model_use.h"
#include "launcher/run/one_model.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/summary/evaluation_lines.h"
#include "worker/input/input_paths.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

bool HasTestFiles(const Config& config) {
  return !config.data.test.empty() && config.evaluate.on == EvaluationPart::kTest;
}

// The part to evaluate on, with the model's own transforms.
std::shared_ptr<ExampleSource> EvaluationData(const Config& config, const ModelSpec& spec,
                                              const TrainedModel& model, JoinsFrom joins,
                                              const fs::path& scratch, MpiSession& mpi) {
  if (Has(config.data.format, FormatTrait::kNoText))
    return OpenData(config, spec, "", mpi).data.evaluation;
  const bool validation = config.evaluate.on == EvaluationPart::kValidation;
  const DataPart part = validation ? DataPart::kValidation : DataPart::kTest;
  RefuseInputReadOnce(config, mpi.ranks());
  if (!HasTestFiles(config)) {
    const fs::path packed = FindPacked(config, PackedDir(config), model.inputs(joins), part);
    if (mpi.RanksWhere(packed.empty()).empty()) return OpenPacked(packed, spec, part);
  }
  const fs::path file = scratch / "evaluate.fpk";
  const PackedInput input = PackPart(config, spec, model.inputs(joins), part, file, 1);
  if (mpi.rank() == 0) {
    Config read = config;
    (HasTestFiles(config) ? read.data.train : read.data.test).clear();
    LogRemarks(RemarksOnRepeatedFiles(read));
    if (HasTestFiles(config)) LogRemarks(RemarksOnTrainedFiles(model.config, input));
    LogFilteredLines(input.filtered_lines);
    LogBadLines(input.bad_lines, input.first_bad_lines);
  }
  auto data = input.examples == 0 ? nullptr : OpenPacked(file, spec, part);
  RefuseMixedData(validation ? "validation" : "test", data.get(), input.positives, mpi);
  return data;
}

// Several may run in one folder, beside a training too: each has logs of its own.
void StartOwnLog(const fs::path& logs, MpiSession& mpi) {
  int number = mpi.rank() == 0 ? ReserveLogNumber(logs, "evaluate") : 0;
  mpi.Broadcast(std::as_writable_bytes(std::span(&number, 1)));
  StartLogging(logs, fmt::format("evaluate-{}.{}", number, RankLogName(mpi.rank())),
               mpi.rank() == 0);
}

// What is split off by another rule holds lines that the model was trained on.
void WarnOfOtherSplit(const Config& config, const TrainedModel& model) {
  Config split = model.config;
  split.data.split_by = config.data.split_by;
  split.data.split_order = config.data.split_order;
  split.data.split_seed = config.data.split_seed;
  split.data.test_fraction = config.data.test_fraction;
  split.data.validation_fraction = config.data.validation_fraction;
  const auto differences = DifferencesOf(split, model.config);
  if (HasTestFiles(config) || config.data.train != model.config.data.train || differences.empty())
    return;
  LogWarning(
      "the {} part is split off otherwise than when the model was trained: {}; it may hold lines "
      "that the model was trained on",
      NameOf(config.evaluate.on), DescribeDifferences(differences, "the model"));
}

CoordinatorResult Evaluate(const Config& given, const Layout& layout, const fs::path& model_dir,
                           JoinsFrom joins, const fs::path& scratch, MpiSession& mpi) {
  const OneModel one(given, layout, model_dir, mpi);
  const TrainedModel& model = one.model();
  const Config config = BindToModel(given, model);
  const ModelSpec spec = SpecOf(model, config);
  if (mpi.rank() == 0) WarnOfOtherSplit(config, model);
  auto data = EvaluationData(config, spec, model, joins, scratch, mpi);
  if (!data) {
    Fail(ExitCode::kUsage,
         "evaluate.on = \"{}\", but the data have no such part: give data.test, data.test_fraction "
         "or data.validation_fraction",
         NameOf(config.evaluate.on));
  }
  return ExecuteRun(config, spec, layout, mpi,
                    ScoringRequest(std::move(data), one.dir(), model.manifest));
}

}  // namespace

void EvaluateCommand(const ConfigArguments& arguments, const fs::path& model_dir, JoinsFrom joins,
                     MpiSession& mpi) {
  RefuseLonelyTask(mpi.ranks());
  GivenKeys given;
  const Config config = LoadConfig(arguments.file, arguments.overrides, &given);
  MakeOutputDir(config.output.dir);
  StartOwnLog(fs::path(config.output.dir) / "logs", mpi);
  const Layout layout = PlanLayout(config, mpi);
  WarnOfIdleSettings(config, given, arguments, layout, mpi.rank() == 0);
  if (mpi.rank() == 0) WarnOfIdleHosts(layout);
  std::optional<ScratchFolder> scratch;
  if (!Has(config.data.format, FormatTrait::kNoText)) {
    MakePackedDir(config);
    scratch.emplace(PackedDir(config), "evaluate");
  }
  CoordinatorResult result;
  const auto evaluate = [&] {
    result =
        Evaluate(config, layout, model_dir, joins, scratch ? scratch->path() : fs::path(), mpi);
  };
  ReadOneModelTogether(model_dir, mpi, evaluate);
  if (mpi.rank() != 0) return;
  FlushTerminals();
  std::fputs(EvaluationLines(config, result.report.metrics).c_str(), stdout);
}

}  // namespace fathom
