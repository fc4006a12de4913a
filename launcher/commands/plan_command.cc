#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "common/byte_size.h"
#include "common/error.h"
#include "common/log/run_log.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/idle_warnings.h"
#include "launcher/plan/calibration.h"
#include "launcher/plan/forecast.h"
#include "launcher/run/run_data.h"

namespace fathom {
namespace {

constexpr double kSampleSeconds = 10;
constexpr double kMargin = 1.1;

// Bytes a second of "25Gbps".
double NetworkSpeed(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  const std::string_view unit(end);
  if (number > 0 && unit == "Mbps") return number * 1e6 / 8;
  if (number > 0 && unit == "Gbps") return number * 1e9 / 8;
  Fail(ExitCode::kUsage, "--network = \"{}\" must be a number and a unit, as 25Gbps or 800Mbps",
       text);
}

double MemorySize(const std::string& text) {
  const auto size = ByteSize::Parse(text);
  if (!size || !size->given())
    Fail(ExitCode::kUsage, "--memory = \"{}\" must be {}", text, kByteSizeForm);
  return size->bytes();
}

std::string Megabytes(double bytes) {
  return bytes < 9.95e9 ? fmt::format("{:.0f} MB", bytes / 1e6)
                        : fmt::format("{:.1f} GB", bytes / 1e9);
}

std::string Duration(double seconds) {
  if (seconds < 120) return fmt::format("{:.1f} s", seconds);
  if (seconds < 7200) return fmt::format("{:.0f} minutes", seconds / 60);
  return fmt::format("{:.1f} hours", seconds / 3600);
}

// The ranks of a cluster that need not be there.
Layout LayoutOf(const Config& config, const PlanArguments& arguments) {
  std::vector<std::string> hosts;
  const int ranks = arguments.ranks > 0   ? arguments.ranks
                    : arguments.hosts > 1 ? arguments.hosts * arguments.cores
                                          : 1;
  for (int rank = 0; rank < ranks; ++rank)
    hosts.push_back(fmt::format("host{}", rank * arguments.hosts / ranks));
  return MakeLayout(hosts, config.cluster, Partitions(config.server.partitions));
}

void ScaleRows(double rows, DataSample* sample) {
  double sum = 0;
  for (const double of_table : sample->rows) sum += of_table;
  for (double& of_table : sample->rows) of_table *= rows / sum;
}

template <typename... Args>
void Line(const char* name, fmt::format_string<Args...> format, Args&&... args) {
  std::printf("%-10s %s\n", name, fmt::format(format, std::forward<Args>(args)...).c_str());
}

void PrintData(const ModelSpec& spec, const Forecast& forecast) {
  const DataSample& sample = forecast.sample;
  Line("data", "{} examples to train on, {} to test on; {}", sample.train_examples,
       sample.evaluation_examples,
       sample.counted_examples == sample.train_examples
           ? "the keys of all were counted"
           : fmt::format("the keys of {} were counted, rows are extrapolated from there",
                         sample.counted_examples));
  for (std::size_t t = 0; t < spec.tables.size(); ++t) {
    const TableLoad& load = forecast.part.tables[t];
    Line("rows",
         "{:.0f} in table {}, {} B of payload; a worker's part of a batch: {:.0f} keys, "
         "named {:.0f} times",
         sample.rows[t], spec.tables[t].name, spec.tables[t].row_bytes(), load.keys,
         load.occurrences);
  }
}

void PrintMemory(const MemoryPlan& memory) {
  Line("tables", "{}, {:.1f} B a row", Megabytes(memory.row_bytes),
       memory.row_bytes / std::max(memory.rows, 1.0));
  for (const ProcessPlan& process : memory.processes)
    Line("memory", "{} x {}: {} each", process.processes, process.roles, Megabytes(process.bytes));
  Line("", "{} in all; with a margin of {:.0f} % {}", Megabytes(memory.TotalBytes()),
       100 * (kMargin - 1), Megabytes(kMargin * memory.TotalBytes()));
}

template <typename... Args>
void Warn(fmt::format_string<Args...> format, Args&&... args) {
  Terminal::Errors().Write(
      fmt::format("fathom: warning: {}\n", fmt::format(format, std::forward<Args>(args)...)));
}

// What was measured serves this plan also where it cannot be kept.
void Keep(const Calibration& calibration, const std::filesystem::path& file) {
  try {
    WriteCalibration(calibration, file);
    Line("machine", "{}: calibrated, kept in {}", calibration.machine, file.string());
  } catch (const Error& error) {
    Warn("the calibration is not kept: {}", error.what());
  }
}

// The machine's, kept or found now.
Calibration GetCalibration(bool again, MpiSession& mpi) {
  const auto file = CalibrationFile();
  std::string damage;
  auto calibration = ReadCalibration(file, &damage);
  if (!damage.empty() && !again)
    Warn("{} is no calibration and is made again: {}", file.string(), damage);
  if (!calibration || again) {
    const auto logs = file.parent_path() / "logs";
    StartLogging(logs, RankLogName(0), false);  // the steps of these trainings are not shown
    calibration = Calibrate(mpi);
    StartLogging(logs, RankLogName(0), true);
    Keep(*calibration, file);
  }
  return *calibration;
}

}  // namespace

void PlanCommand(const ConfigArguments& config_arguments, PlanArguments arguments,
                 MpiSession& mpi) {
  if (mpi.ranks() > 1)
    Fail(ExitCode::kUsage, "fathom plan runs in one process: --ranks says how many to plan for");
  GivenKeys given;
  const Config config = LoadConfig(config_arguments.file, config_arguments.overrides, &given);
  ClusterShape shape = ThisHost();
  if (arguments.cores > 0) shape.cores = arguments.cores;
  arguments.cores = shape.cores;
  if (arguments.hosts > 1) shape.network_bytes_per_second = NetworkSpeed(arguments.network);
  const ModelSpec spec = MakeModelSpec(config);
  const Layout layout = LayoutOf(config, arguments);
  WarnOfIdleSettings(config, given, config_arguments, layout, true);
  const Calibration calibration = GetCalibration(arguments.calibrate, mpi);
  const OpenedData opened = OpenData(config, spec, "", mpi);
  Forecast forecast =
      MakeForecast(config, spec, layout, opened.data, shape, std::nullopt, kSampleSeconds);
  if (arguments.rows > 0) {
    ScaleRows(arguments.rows, &forecast.sample);
    KeepToLimit(config, spec, &forecast.sample);
    forecast.memory = PlanMemory(config, spec, layout, forecast.sample, forecast.part, shape);
  }
  CheckRoom(config, spec, forecast.sample);
  const TimePlan time =
      PlanTime(config, spec, layout, forecast.sample, forecast.part, shape, calibration.prices);
  PrintData(spec, forecast);
  PrintMemory(forecast.memory);
  const StepLoad load{
      .spec = &spec, .part = forecast.part, .servers = static_cast<double>(layout.servers)};
  const Traffic traffic = TrafficOf(load);
  Line("traffic", "{:.0f} B sent and {:.0f} B received an example by the workers",
       traffic.sent / forecast.part.examples, traffic.received / forecast.part.examples);
  Line("time", "{:.0f} examples/s: {} for {} epoch{}, without evaluations",
       time.examples_per_second, Duration(time.training_seconds), config.train.epochs,
       config.train.epochs == 1 ? "" : "s");
  Line("bound by", "{}", time.bottleneck);
  if (!arguments.memory.empty()) {
    const double bytes = MemorySize(arguments.memory);
    const int dim =
        LargestDim(config, layout, forecast.sample, forecast.part, shape, bytes / kMargin);
    const bool fits = dim >= config.model.embedding_dim;
    Line("fits", "{}: in {} a host, with that margin, model.embedding_dim may be {}",
         fits ? "yes" : "NO", Megabytes(bytes), dim > 0 ? fmt::format("up to {}", dim) : "nothing");
  }
}

}  // namespace fathom
