#include <signal.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>

#include "common/config/best_model.h"
#include "common/error.h"
#include "common/file/published_folder.h"
#include "common/file/replaced_file.h"
#include "common/log/run_log.h"
#include "common/log_line.h"
#include "common/run/best_dir.h"
#include "common/run/folder_lock.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/cluster/left_segments.h"
#include "launcher/cluster/lonely_task.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/commands/kept_evaluation.h"
#include "launcher/launch/stop_signal.h"
#include "launcher/plan/forecast.h"
#include "launcher/run/model_config.h"
#include "launcher/run/model_copy.h"
#include "launcher/run/model_use.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/run/run_meter.h"
#include "launcher/run/shared_output.h"
#include "launcher/run/start_point.h"
#include "launcher/summary/train_summary.h"
#include "worker/explain/watched_rows.h"
#include "worker/predict/trained_model.h"

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

void LogWarmStart(const Config& config, const ModelSpec& spec, const StartPoint& start,
                  const EarlierModel& earlier) {
  if (start.origin.warm_start != earlier.digest) {
    Fail(ExitCode::kModel, "{}: it was replaced while the data were read: start again",
         start.dir.string());
  }
  for (const std::string& line : DescribeWarmStart(OpenModel(start.dir), config, spec))
    LogInfo("warm start: {}", line);
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
  if (KeepsDigests(config.train))
    StepDigests::CheckOurs(fs::path(config.output.dir) / kDigestsFile);
  if (mpi.rank() == 0) {
    lock = std::make_unique<FolderLock>(config.output.dir, "train", [&] { mpi.Beat(); });
    RefuseForgottenCheckpoints(config);
  }
  mpi.Barrier();
  return lock;
}

// What rank 0 has before the run begins.
struct Begun {
  Forecast forecast;
  std::optional<MetricsLog> log;
  std::optional<StepDigests> digests;
};

// Throws Error where the host has not the memory for it.
Forecast ForecastOf(const Config& config, const ModelSpec& spec, const Layout& layout,
                    const RunData& data, const ClusterShape& host) {
  Forecast forecast = MakeForecast(config, spec, layout, data, host,
                                   ReadCalibration(CalibrationFile()), kForecastSeconds);
  CheckRoom(config, spec, forecast.sample);
  return forecast;
}

// Nothing of an earlier run is touched before the data and the starting point are accepted.
void BeginLog(const Config& config, const fs::path& read, const OpenedData& opened,
              const StartPoint& start, int servers, Begun* begun) {
  const fs::path output = config.output.dir;
  WriteConfig(config, read, output);
  OpenMetricsLog(start, output / "metrics.jsonl", &begun->log);
  const bool begins = start.from != StartFrom::kResume;
  if (begins && !opened.summary_json.empty()) begun->log->Data(opened.summary_json);
  if (KeepsDigests(config.train)) {
    begun->digests.emplace(output / kDigestsFile, start.step, servers);
  } else {
    StepDigests::Remove(output / kDigestsFile);
  }
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

// train.watch by table and key. Rank 0 knows what ingest has learnt, and tells the others.
std::shared_ptr<const std::vector<WatchedRow>> RowsToWatch(const Config& config,
                                                           const ModelSpec& spec,
                                                           const OpenedData& opened,
                                                           MpiSession& mpi) {
  if (config.train.watch.empty()) return std::make_shared<const std::vector<WatchedRow>>();
  std::string text;
  if (mpi.rank() == 0) {
    text =
        WatchedRowsText(ReadWatchedRows(config, spec, opened.transforms_json, opened.side_tables));
  }
  const auto bytes = mpi.BroadcastAny(std::as_bytes(std::span(text)));
  return std::make_shared<const std::vector<WatchedRow>>(
      WatchedRowsIn({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

// The log and the lock outlive the run.
CoordinatorInputs InputsOf(const Config& config, const OpenedData& opened, const StartPoint& start,
                           Begun& begun, FolderLock& lock) {
  return {.log = &*begun.log,
          .digests = begun.digests ? &*begun.digests : nullptr,
          .texts = {.config_toml = ModelConfigText(config),
                    .transforms_json = opened.transforms_json,
                    .side_tables = opened.side_tables,
                    .names = opened.names,
                    .origin = start.origin},
          .progress = start.progress,
          .best = start.best,
          .stop_asked = [] { return StopSignal::Count() > 0; },
          .before_publishing = [&lock] { lock.Check(); }};
}

// The best model, published.
struct KeptModel {
  const Config& config;
  const ModelSpec& spec;
  const Layout& layout;
  fs::path dir;
  MetricsLog* log;  // rank 0
};

struct HeldOut {
  std::shared_ptr<ExampleSource> validation;
  std::shared_ptr<ExampleSource> test;  // null: not to be evaluated on
};

void EvaluateOn(EvaluationPart part, const KeptModel& model, std::shared_ptr<ExampleSource> data,
                FinalReport* report, MpiSession& mpi) {
  const std::uint64_t step = mpi.rank() == 0 ? ReadManifest(model.dir).step : 0;
  if (mpi.rank() == 0)
    LogInfo("evaluating the model of step {} on the {} part", step, NameOf(part));
  const Metrics metrics =
      EvaluateKept(model.config, model.spec, model.layout, model.dir, std::move(data), mpi);
  if (mpi.rank() != 0) return;
  report->evaluated = true;
  report->evaluated_on = part;
  report->metrics = metrics;
  model.log->Evaluation(step, part, report->seconds, metrics);
}

// On the test part, where the data have one and evaluate.on names it. Else on the validation part
// where the evaluation of the best model was before this run was resumed.
void EvaluateBest(const KeptModel& model, const HeldOut& data, bool stopped, FinalReport* report,
                  MpiSession& mpi) {
  if (!KeepsBest(model.config)) return;
  struct {
    bool stopped;
    bool known;
  } of_first{stopped, report->evaluated};
  mpi.Broadcast(std::as_writable_bytes(std::span(&of_first, 1)));
  if (of_first.stopped) return;
  if (data.test) {
    EvaluateOn(EvaluationPart::kTest, model, data.test, report, mpi);
  } else if (!of_first.known) {
    EvaluateOn(EvaluationPart::kValidation, model, data.validation, report, mpi);
  }
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
  ModelSpec spec = MakeModelSpec(config);
  const PublishedFolder model(output / "model", kModelSeal);
  if (first) {
    model.CheckOurs();
    LogModel(spec);
  }
  const EarlierModel earlier = FindEarlierModel(config, mpi);
  OpenedData opened = OpenData(config, spec, earlier.transforms_json, mpi);
  spec.initial_bias = opened.initial_bias;
  const StartPoint start = ChooseStart(config, *opened.data.train, mpi);
  if (first && start.from == StartFrom::kWarm) LogWarmStart(config, spec, start, earlier);
  std::optional<ModelCopy> start_model;
  if (start.model) start_model.emplace(config, layout, start.dir, *start.model, mpi);

  RunRequest request = RequestOf(config, start, sees_output, model, start_model);
  request.watched = RowsToWatch(config, spec, opened, mpi);
  std::optional<Begun> begun;  // rank 0
  if (first) {
    begun.emplace(Begun{.forecast = ForecastOf(config, spec, layout, opened.data, host)});
    BeginLog(config, arguments.file, opened, start, layout.servers, &*begun);
    request.coordinator = InputsOf(config, opened, start, *begun, *lock);
    model.Start();
  }
  const HeldOut held_out{opened.data.evaluation, opened.data.test};
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
    BestDir(CheckpointsOf(config).path()).Prune(std::nullopt);
  }
  report.peaks = PeakResidentBytes(layout, mpi);
  report.profile = meter.Gather(report.examples_now, report.steps - start.step);
  EvaluateBest({config, spec, layout, model.path(), begun ? &*begun->log : nullptr}, held_out,
               result.stopped, &report, mpi);
  if (first && result.stopped) FinishStopped(report);
  if (first && !result.stopped) FinishWhole(config, begun->forecast, *begun->log, report);
  if (first) WarnInsteadOfFailing([&] { meter.FinishTrace(); });
  return ExitCodeOf(result.stopped, mpi);
}

}  // namespace fathom
