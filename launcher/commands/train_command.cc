#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "common/config/config_file.h"
#include "common/error.h"
#include "common/file/published_dir.h"
#include "common/file/text_file.h"
#include "common/run_log.h"
#include "launcher/commands/commands.h"
#include "launcher/plan/forecast.h"
#include "launcher/run/run.h"
#include "launcher/run/run_data.h"
#include "launcher/run/run_meter.h"
#include "launcher/run/start_point.h"
#include "launcher/run/stop_signal.h"

namespace fathom {
namespace {

// Of bounded and async runs: in sync mode no batch ever misses another.
void PrintStaleness(const StalenessHistogram& histogram) {
  std::uint64_t batches = 0, missing = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    batches += histogram[i];
    missing += histogram[i] * i;
  }
  if (missing == 0) return;
  std::printf("staleness: rows missed %.2f batches on average, %zu at most\n",
              static_cast<double>(missing) / static_cast<double>(batches), histogram.size() - 1);
}

// Before the run, beside what came.
void PrintPrediction(const FinalReport& report) {
  const auto off = [](double predicted, double real) { return 100 * (predicted / real - 1); };
  const auto real_bytes = static_cast<double>(TotalBytes(report.peaks));
  std::string text =
      fmt::format("predicted: {:.0f} MB ({:+.0f} %), ", report.predicted_rss_bytes / 1e6,
                  off(report.predicted_rss_bytes, real_bytes));
  if (std::isnan(report.predicted_examples_per_second)) {
    text += "no speed: `fathom plan` calibrates this machine once";
  } else {
    text += fmt::format("{:.0f} examples/s ({:+.0f} %)", report.predicted_examples_per_second,
                        off(report.predicted_examples_per_second, report.examples_per_second));
  }
  std::printf("%s\n", text.c_str());
}

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

void PrintSummary(const Config& config, const FinalReport& report) {
  const Metrics& m = report.metrics;
  std::printf("\n%llu examples in %.1f s: %.0f examples/s\n",
              static_cast<unsigned long long>(report.examples), report.seconds,
              report.examples_per_second);
  std::printf("%llu rows, %.1f bytes a row; peak memory %.0f MB over all processes\n",
              static_cast<unsigned long long>(report.rows), report.bytes_per_row,
              static_cast<double>(TotalBytes(report.peaks)) / 1e6);
  if (report.evicted_rows + report.refused_updates > 0) {
    std::printf("%llu rows were evicted, %llu updates of keys without a row were dropped\n",
                static_cast<unsigned long long>(report.evicted_rows),
                static_cast<unsigned long long>(report.refused_updates));
  }
  if (report.cold_bytes > 0) {
    std::printf("%.0f MB of rows on disk; of the rows that were asked for %.1f %% were in memory\n",
                static_cast<double>(report.cold_bytes) / 1e6,
                100 - 100 * static_cast<double>(report.rows_read) /
                          static_cast<double>(std::max<std::uint64_t>(report.rows_asked, 1)));
  }
  PrintPrediction(report);
  PrintStaleness(report.staleness);
  std::printf("%s\n%s\n", ShareLine("worker", report.profile.worker_stages).c_str(),
              ShareLine("server", report.profile.server_stages).c_str());
  if (report.evaluated) {
    std::printf("%s AUC %.5f, 95 %% interval [%.5f, %.5f], over %llu examples\n",
                NameOf(config.evaluate.on).data(), m.auc, m.auc_low, m.auc_high,
                static_cast<unsigned long long>(m.examples));
    std::printf("log loss %.5f, accuracy %.4f, calibration %.4f\n", m.logloss, m.accuracy,
                m.calibration);
    if (m.gauc_groups > 0) {
      std::printf("AUC per %s %.5f, over %llu groups\n", config.evaluate.group_by.c_str(), m.gauc,
                  static_cast<unsigned long long>(m.gauc_groups));
    }
  }
  std::printf("model: %s\n", (fs::path(config.output.dir) / "model").c_str());
}

// Of a run that a signal ended: what a shell says of the signal. All ranks learn it from rank 0.
int ExitCodeOf(bool stopped, MpiSession& mpi) {
  constexpr int kSignalled = 128;
  int code = stopped ? kSignalled + StopSignal::Asked() : 0;
  mpi.Broadcast(std::as_writable_bytes(std::span(&code, 1)));
  return code;
}

}  // namespace

int TrainCommand(const ConfigArguments& arguments, MpiSession& mpi) {
  const ClusterShape host = ThisHost();
  const Config config = LoadConfig(arguments.file, arguments.overrides);
  const fs::path output = config.output.dir;
  fs::create_directories(output);
  StartLogging(output / "logs", mpi.rank(), mpi.rank() == 0);
  const Layout layout = PlanLayout(config, mpi);
  const ModelSpec spec = MakeModelSpec(config);
  const bool first = mpi.rank() == 0;
  if (first) {
    WriteText(output / "config.toml", DumpConfig(config));
    LogModel(spec);
  }
  OpenedData opened = OpenData(config, spec, mpi);
  const StartPoint start = ChooseStart(config, opened.data.train->fingerprint(), mpi);

  std::optional<Forecast> forecast;
  if (first) {
    forecast = MakeForecast(config, spec, layout, opened.data, host,
                            ReadCalibration(CalibrationFile()), kForecastSeconds);
  }
  const fs::path partial = output / "model.partial";
  std::optional<MetricsLog> log;
  RunRequest request;
  request.data = std::move(opened.data);
  request.model_dir = start.dir;
  request.save_dir = partial;
  request.checkpoint_dir = CheckpointsOf(config).path();
  request.start = start.from;
  request.start_step = start.step;
  if (first) {
    const bool resumes = start.from == StartFrom::kResume;
    log.emplace(output / "metrics.jsonl",
                resumes ? MetricsLog::Write::kOn : MetricsLog::Write::kAnew);
    if (resumes) log->Resume(start.step);
    request.coordinator = {.log = &*log,
                           .texts = {.config_toml = ModelConfigText(config),
                                     .transforms_json = opened.transforms_json},
                           .progress = start.progress,
                           .stop_asked = [] { return StopSignal::Asked() != 0; }};
    StartPartial(partial);
  }
  StopSignal::Listen(mpi.ranks() > 1);
  RunMeter meter(config, layout, mpi);
  request.stages = meter.stages();
  mpi.Barrier();
  CoordinatorResult result = ExecuteRun(config, spec, layout, mpi, std::move(request));
  if (first && !result.stopped) Publish(partial, output / "model");
  result.report.peaks = PeakResidentBytes(layout, mpi);
  result.report.profile = meter.Gather(result.report.examples, result.report.steps - start.step);
  if (first && result.stopped) {
    std::printf("\nstopped after step %llu; the same command with resume=auto goes on from there\n",
                static_cast<unsigned long long>(result.report.steps));
  } else if (first) {
    result.report.predicted_rss_bytes = forecast->memory.TotalBytes();
    result.report.predicted_examples_per_second =
        forecast->time ? forecast->time->examples_per_second : NAN;
    log->Final(result.report);
    PrintSummary(config, result.report);
  }
  if (first) meter.FinishTrace();
  return ExitCodeOf(result.stopped, mpi);
}

}  // namespace fathom
