#include <signal.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "common/error.h"
#include "common/file/published_folder.h"
#include "common/file/replaced_file.h"
#include "common/run/folder_lock.h"
#include "common/run_log.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/cluster/left_segments.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/commands/train_summary.h"
#include "launcher/launch/stop_signal.h"
#include "launcher/plan/forecast.h"
#include "launcher/run/model_config.h"
#include "launcher/run/model_copy.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/run/run_meter.h"
#include "launcher/run/shared_output.h"
#include "launcher/run/start_point.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// A look at the data that a user does not notice.
constexpr double kForecastSeconds = 0.5;

void LogModel(const ModelSpec& spec) {
  for (const TableSpec& table : spec.tables) {
    std::string fields;
    for (const Field& field : spec.fields) {
      if (spec.tables[static_cast<std::size_t>(field.table)].name == table.name)
        fields += (fields.empty() ? "" : ", ") + field.name;
    }
    LogInfo("table {}: {} B a row of payload; {}", table.name, table.row_bytes(), fields);
  }
  std::string widths = std::to_string(spec.input_width);
  for (const LayerSpec& layer : spec.layers) widths += " x " + std::to_string(layer.outputs);
  LogInfo("deep part: {}; {} dense parameters", widths, spec.dense_floats);
}

// Under mpirun SIGUSR1 alone, which it passes on to every rank: SIGINT and SIGTERM end an mpirun
// job at once.
void ListenForStop(bool under_mpirun) {
  if (under_mpirun) {
    StopSignal::Listen({SIGUSR1}, StopSignal::Second::kEndsTheProcess);
  } else {
    StopSignal::Listen({SIGUSR1, SIGINT, SIGTERM}, StopSignal::Second::kEndsTheProcess);
  }
}

// Of a run that a signal ended: what a shell says of the signal. All ranks learn it from rank 0.
int ExitCodeOf(bool stopped, MpiSession& mpi) {
  int code = stopped ? ExitCodeOfSignal(StopSignal::First()) : 0;
  mpi.Broadcast(std::as_writable_bytes(std::span(&code, 1)));
  return code;
}

// Adds to the file of the run that this one goes on from.
void OpenMetricsLog(const StartPoint& start, const fs::path& file, std::optional<MetricsLog>* log) {
  const bool resumes = start.from == StartFrom::kResume;
  log->emplace(file, resumes ? MetricsLog::Write::kOn : MetricsLog::Write::kAnew);
  if (resumes) (*log)->Resume(start.step);
}

void FinishStopped(const FinalReport& report) {
  Terminal::Standard().Write(
      fmt::format("\nstopped after step {}; the same command with resume=auto goes on from there\n",
                  report.steps));
}

// The model is published: what cannot be written any more does not make the training fail.
template <typename Write>
void WarnInsteadOfFailing(Write write) {
  try {
    write();
  } catch (const Error& error) {
    LogWarning("the run is done and what it trained is saved, but {}", error.what());
    Terminal::Errors().Write(fmt::format(
        "fathom: warning: the run is done and what it trained is saved, but {}\n", error.what()));
  }
}

// The config as in force. One that was read stays as it is.
void WriteConfig(const Config& config, const fs::path& read, const fs::path& output) {
  fs::path file = output / "config.toml";
  std::error_code none;
  if (fs::equivalent(read, file, none)) {
    file = output / "config.in-force.toml";
    LogInfo("config.toml is the config that was read: the one in force is {}", file.string());
  }
  ReplaceText(file, ConfigFileText(config), ExitCode::kTraining);
}

void FinishWhole(const Config& config, const Forecast& forecast, MetricsLog& log,
                 FinalReport& report) {
  report.predicted_rss_bytes = forecast.memory.TotalBytes();
  report.predicted_examples_per_second = forecast.time ? forecast.time->examples_per_second : NAN;
  WarnInsteadOfFailing([&] { log.Final(report); });
  Terminal::Standard().Write(SummaryText(config, report));
}

// Rank 0's, of output.dir. The other ranks go on only when it has it, so that they touch nothing of
// a run that is there already.
std::unique_ptr<FolderLock> LockOutput(const Config& config, MpiSession& mpi) {
  std::unique_ptr<FolderLock> lock;
  MakeOutputDir(config.output.dir);
  RefuseWhatIsInTheWay(config.output.dir, mpi.rank());
  if (mpi.rank() == 0) {
    lock = std::make_unique<FolderLock>(config.output.dir, "train", [&] { mpi.Beat(); });
    RefuseForgottenCheckpoints(config);
  }
  mpi.Barrier();
  return lock;
}

// Of every rank; the data and rank 0's own inputs are not in it yet.
RunRequest RequestOf(const Config& config, const StartPoint& start, bool sees_output,
                     const PublishedFolder& model, const std::optional<ModelCopy>& start_model) {
  RunRequest request;
  if (start_model) request.model_dir = start_model->dir();
  request.model = start.model;
  request.save_dir = model.partial();
  request.checkpoint_dir = CheckpointsOf(config).path();
  request.sees_output = sees_output;
  request.start = start.from;
  request.start_step = start.step;
  return request;
}

// The log and the lock outlive the run.
CoordinatorInputs InputsOf(const Config& config, const OpenedData& opened, const StartPoint& start,
                           MetricsLog& log, FolderLock& lock) {
  return {.log = &log,
          .texts = {.config_toml = ModelConfigText(config),
                    .transforms_json = opened.transforms_json,
                    .origin = start.origin},
          .progress = start.progress,
          .stop_asked = [] { return StopSignal::Count() > 0; },
          .before_publishing = [&lock] { lock.Check(); }};
}

}  // namespace

int TrainCommand(const ConfigArguments& arguments, MpiSession& mpi) {
  RefuseLonelyTask(mpi.ranks());
  const ClusterShape host = ThisHost();
  const bool first = mpi.rank() == 0;
  GivenKeys given;
  const Config config = LoadConfig(arguments.file, arguments.overrides, &given);
  const fs::path output = config.output.dir;
  if (mpi.ranks() > 1 && mpi.leads_host()) RemoveLeftSegments("/dev/shm");
  const auto lock = LockOutput(config, mpi);
  StartLogging(output / "logs", RankLogName(mpi.rank()), first);
  const Layout layout = PlanLayout(config, mpi);
  WarnOfIdleSettings(config, given, arguments, layout, first);
  if (first) WarnOfIdleHosts(layout);
  const bool sees_output = SeesOutput(config, mpi);
  const ModelSpec spec = MakeModelSpec(config);
  const PublishedFolder model(output / "model", kModelSeal);
  if (first) {
    model.CheckOurs();
    LogModel(spec);
  }
  OpenedData opened = OpenData(config, spec, mpi);
  const StartPoint start = ChooseStart(config, *opened.data.train, mpi);
  std::optional<ModelCopy> start_model;
  if (start.model) start_model.emplace(config, layout, start.dir, *start.model, mpi);

  RunRequest request = RequestOf(config, start, sees_output, model, start_model);
  std::optional<Forecast> forecast;  // rank 0, as the log
  std::optional<MetricsLog> log;
  if (first) {
    // Nothing of an earlier run is touched before the data and the starting point are accepted.
    WriteConfig(config, arguments.file, output);
    forecast = MakeForecast(config, spec, layout, opened.data, host,
                            ReadCalibration(CalibrationFile()), kForecastSeconds);
    CheckRoom(config, spec, forecast->sample);
    OpenMetricsLog(start, output / "metrics.jsonl", &log);
    const bool begins = start.from != StartFrom::kResume;
    if (begins && !opened.summary_json.empty()) log->Data(opened.summary_json);
    request.coordinator = InputsOf(config, opened, start, *log, *lock);
    model.Start();
  }
  request.data = std::move(opened.data);

  ListenForStop(mpi.ranks() > 1);
  RunMeter meter(config, layout, mpi);
  request.stages = meter.stages();
  mpi.Barrier();
  CoordinatorResult result = ExecuteRun(config, spec, layout, mpi, std::move(request));
  FinalReport& report = result.report;
  if (first && !result.stopped) {
    lock->Check();
    model.Publish();
  }
  report.peaks = PeakResidentBytes(layout, mpi);
  report.profile = meter.Gather(report.examples_now, report.steps - start.step);
  if (first && result.stopped) FinishStopped(report);
  if (first && !result.stopped) FinishWhole(config, *forecast, *log, report);
  if (first) WarnInsteadOfFailing([&] { meter.FinishTrace(); });
  return ExitCodeOf(result.stopped, mpi);
}

}  // namespace fathom
