#include "launcher/plan/calibration.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/file/scratch_folder.h"
#include "common/file/text_file.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/plan/measured_run.h"
#include "worker/data/generated_data.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// A training to measure. Each differs from the others in several ways at once, so that every price
// shows in some of them.
struct Trial {
  int columns, numerics;
  std::int64_t values;
  double skew;
  int dim;
  const char* hidden;
  int batch, slice;
  std::int64_t examples;
  int crosses = 0;  // of neighbouring columns, wide
  bool tcp = false;
  bool fm = false;
};

constexpr Trial kTrials[] = {
    {8, 2, 1000, 1.0, 16, "[64, 32]", 2048, 256, 2000000},
    {8, 2, 1000000, 1.0, 16, "[64, 32]", 2048, 256, 1500000},
    {26, 13, 100000, 1.0, 16, "[256, 128, 64]", 2048, 256, 500000},
    {26, 0, 300000, 0.5, 4, "[32]", 4096, 512, 500000},
    {4, 0, 3000000, 0.0, 32, "[128, 64]", 1024, 256, 1000000},
    {16, 4, 10000, 1.0, 64, "[128]", 512, 128, 400000},
    {3, 5, 500, 1.0, 8, "[16, 8]", 256, 64, 1500000},
    {12, 0, 1000000, 0.0, 8, "[64]", 8192, 512, 800000},
    {6, 10, 20000, 1.2, 24, "[256, 256]", 2048, 512, 800000},
    {2, 0, 200000, 0.8, 128, "[64, 64]", 1024, 256, 800000},
    {20, 0, 50000, 1.0, 16, "[32, 16]", 16384, 1024, 600000},
    {10, 2, 5000, 1.0, 16, "[512, 128]", 1024, 128, 400000},
    {6, 2, 2000, 1.0, 16, "[64, 32]", 2048, 256, 1000000, 5},
    {10, 0, 100, 0.8, 8, "[32]", 1024, 256, 800000, 9},
    {8, 2, 1000, 1.0, 16, "[64, 32]", 2048, 256, 1000000, 0, false, true},
    {26, 0, 300000, 0.5, 4, "[32]", 4096, 512, 300000, 0, false, true},
    {8, 2, 1000, 1.0, 16, "[64, 32]", 2048, 256, 1500000, 0, true},
    {26, 13, 100000, 1.0, 16, "[64, 32]", 2048, 256, 500000, 0, true},
    {4, 0, 300000, 0.5, 64, "[64, 32]", 1024, 256, 600000, 0, true},
    {3, 5, 500, 1.0, 8, "[16, 8]", 256, 64, 800000, 0, true},
};

Config MakeConfig(const Trial& trial) {
  std::string text = fmt::format(
      "[output]\nprogress_seconds = 86400\n[data]\nformat = \"generated\"\n[generated]\nexamples = "
      "{}\ntest_examples = 0\nvalues = {}\nskew = {}\n[model]\nembedding_dim = {}\nhidden = "
      "{}\nfm = {}\n[train]\nbatch_size = {}\nslice_size = {}\n[cluster]\ntransport = \"{}\"\n",
      trial.examples, trial.values, trial.skew, trial.dim, trial.hidden, trial.fm, trial.batch,
      trial.slice, trial.tcp ? "tcp" : "inprocess");
  for (int c = 0; c < trial.columns; ++c) text += fmt::format("[[column]]\nname = \"c{}\"\n", c);
  for (int c = 0; c < trial.numerics; ++c)
    text += fmt::format("[[column]]\nname = \"n{}\"\nkind = \"numeric\"\nuse = \"deep\"\n", c);
  for (int c = 0; c < trial.crosses; ++c)
    text += fmt::format("[[cross]]\ncolumns = [\"c{}\", \"c{}\"]\n", c, c + 1);
  return ParseConfig(text, "calibration", "/", {});
}

std::string Processor() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

double StageSeconds(const std::vector<StageSummary>& stages, const char* name) {
  const auto found = std::find_if(stages.begin(), stages.end(),
                                  [&](const StageSummary& stage) { return stage.name == name; });
  return found == stages.end() ? 0 : found->seconds;
}

constexpr double kCountSeconds = 2;

const ModelSpec kNoModel;

bool IsPrice(double price) { return price >= 0 && std::isfinite(price); }

using Samples = std::array<std::vector<PriceSample>, kPricedStages>;

void AddSample(PricedStage stage, const StepLoad& load, double seconds, Samples* samples) {
  if (seconds > 0)
    (*samples)[static_cast<std::size_t>(stage)].push_back({CountsOf(stage, load), seconds});
}

// The part of a step that no stage accounts for: rows and gradients on their way, threads that wake
// up. Not known where the worker waited for batches instead.
double HandOver(const FinalReport& report, double steps) {
  const auto& worker = report.profile.worker_stages;
  const auto& server = report.profile.server_stages;
  const double batch_wait = StageSeconds(worker, StageName(Stage::kBatchWait));
  const double wait = StageSeconds(worker, StageName(Stage::kPullWait)) + batch_wait +
                      StageSeconds(worker, kOtherStages);
  const double served = StageSeconds(server, StageName(Stage::kUpdate)) +
                        StageSeconds(server, StageName(Stage::kEncode)) +
                        StageSeconds(server, StageName(Stage::kDecode)) / 2;
  if (batch_wait > wait / 4) return 0;
  return std::max(0.0, (wait - served) / steps);
}

void Measure(const Trial& trial, MpiSession& mpi, const Prices& known, Samples* samples) {
  const Config config = MakeConfig(trial);
  const ModelSpec spec = MakeModelSpec(config);
  const GeneratedData data(config, GeneratedData::Part::kTrain);
  StepLoad load{.spec = &spec, .part = SamplePart(data, config, spec, 1)};
  // The faster of two: what disturbed it is not the work's price.
  FinalReport report = MeasureRun(config, mpi);
  FinalReport again = MeasureRun(config, mpi);
  if (again.seconds < report.seconds) report = std::move(again);
  load.table_bytes = report.bytes_per_row * static_cast<double>(report.rows);
  const auto steps = static_cast<double>(report.steps);
  load.new_rows = SampleData(data, nullptr, config, spec, {kCountSeconds}).rows;
  for (double& rows : load.new_rows) rows /= steps;
  const double hand_over = HandOver(report, steps);
  if (trial.tcp) {
    AddSample(PricedStage::kTcp, load, hand_over - SecondsOf(PricedStage::kHandOver, load, known),
              samples);
    return;
  }
  const auto& profile = report.profile;
  for (const PricedStage stage :
       {PricedStage::kCompute, PricedStage::kRowGradients, PricedStage::kPush}) {
    AddSample(stage, load,
              StageSeconds(profile.worker_stages, StageName(*MeasuredAs(stage))) / steps, samples);
  }
  for (const PricedStage stage :
       {PricedStage::kDecode, PricedStage::kFind, PricedStage::kEncode, PricedStage::kUpdate}) {
    AddSample(stage, load,
              StageSeconds(profile.server_stages, StageName(*MeasuredAs(stage))) / steps, samples);
  }
  AddSample(PricedStage::kHandOver, load, hand_over, samples);
}

}  // namespace

std::string ThisMachine() {
  return fmt::format("{}, {} cores, fathom {}", Processor(), std::thread::hardware_concurrency(),
                     FATHOM_VERSION);
}

fs::path CalibrationFile() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  const char* const home = std::getenv("HOME");
  const fs::path base = cache != nullptr && *cache != 0 ? fs::path(cache)
                        : home != nullptr && *home != 0 ? fs::path(home) / ".cache"
                                                        : TemporaryFolder();
  return base / "fathom" / "calibration.json";
}

std::optional<Calibration> ReadCalibration(const fs::path& file, std::string* damage) {
  std::error_code none;
  if (!fs::exists(file, none)) return std::nullopt;
  try {
    const auto json = nlohmann::json::parse(ReadText(file));
    Calibration calibration{.machine = json.at("machine").get<std::string>(), .prices = {}};
    if (calibration.machine != ThisMachine()) return std::nullopt;
    for (std::size_t s = 0; s < kPricedStages; ++s) {
      const StepLoad nothing{.spec = &kNoModel};
      const std::size_t counts = CountsOf(static_cast<PricedStage>(s), nothing).size();
      auto& prices = calibration.prices[s];
      prices = json.at(NameOf(static_cast<PricedStage>(s))).get<std::vector<double>>();
      if (prices.size() != counts) return std::nullopt;  // of an earlier model of costs
      if (std::all_of(prices.begin(), prices.end(), IsPrice)) continue;
      throw Error(ExitCode::kData, "a price is below 0 or infinite");
    }
    return calibration;
  } catch (const std::exception& error) {
    if (damage != nullptr) *damage = error.what();
    return std::nullopt;
  }
}

void WriteCalibration(const Calibration& calibration, const fs::path& file) {
  nlohmann::ordered_json json{{"machine", calibration.machine}};
  for (std::size_t s = 0; s < kPricedStages; ++s)
    json[NameOf(static_cast<PricedStage>(s))] = calibration.prices[s];
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  if (fs::exists(file, ignored) && !fs::is_regular_file(file, ignored))
    Fail(ExitCode::kTraining, "{}: it is no plain file", file.string());
  ReplaceText(file, json.dump(1) + "\n", ExitCode::kTraining);
}

Calibration Calibrate(MpiSession& mpi) {
  Calibration calibration{.machine = ThisMachine(), .prices = {}};
  Samples samples;
  int number = 0;
  for (const Trial& trial : kTrials) {
    Terminal::Errors().Write(fmt::format("\rcalibrating this machine: training {} of {} ", ++number,
                                         std::size(kTrials)));
    if (trial.tcp && calibration.prices[0].empty()) {
      for (std::size_t s = 0; s < kPricedStages; ++s) calibration.prices[s] = FitPrices(samples[s]);
    }
    Measure(trial, mpi, calibration.prices, &samples);
  }
  Terminal::Errors().Write("\n");
  const auto tcp = static_cast<std::size_t>(PricedStage::kTcp);
  calibration.prices[tcp] = FitPrices(samples[tcp]);
  return calibration;
}

}  // namespace fathom
