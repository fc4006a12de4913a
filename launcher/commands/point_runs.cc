#include "launcher/commands/point_runs.h"

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/terminal.h"
#include "launcher/launch/child_process.h"
#include "launcher/run/output_dir.h"
#include "launcher/run/run_data.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/sweep_measures.h"
#include "launcher/sweep/sweep_report.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr auto kPointPollPeriod = std::chrono::milliseconds(20);

// The last error line of a run that failed.
std::string ReasonOf(const fs::path& log) {
  std::ifstream in(log);
  std::string reason;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("fathom: ", 0) == 0) reason = line.substr(std::string("fathom: ").size());
  }
  return reason.empty() ? "no reason given: see " + log.string() : reason;
}

const fs::path& MadeRunsFolder(const fs::path& output) {
  MakeOutputDir(output / "runs");
  return output;
}

void SayLine(const std::string& text) { Terminal::Standard().Write(text + "\n"); }

}  // namespace

PointRuns::PointRuns(const ConfigArguments& arguments, Config base, const std::string& name,
                     std::string title)
    : arguments_(arguments),
      base_(std::move(base)),
      name_(name),
      title_(std::move(title)),
      output_(base_.output.dir),
      lock_(MadeRunsFolder(output_), name, [] {}),
      results_(output_ / (name + ".jsonl"), DataMark(base_)) {
  constexpr int kSeveral = 2;
  RefuseInputReadOnce(base_, kSeveral);
}

const SweepLine& PointRuns::Do(const SweepRun& run, const std::string& label,
                               const Outcome& outcome) {
  runs_.push_back(run);
  const SweepLine* line = results_.Find(run.id);
  const bool done = line != nullptr && IsDone(*line);
  if (!done) {
    SayLine(label + " ...");
    results_.Add(Train(run));
    WriteTables();
    line = results_.Find(run.id);
  }
  SayLine(fmt::format("{}: {}{}", label,
                      IsDone(*line) ? outcome(*line) : "FAILED: " + line->value("error", ""),
                      done ? " (done before)" : ""));
  return *line;
}

std::vector<std::string> PointRuns::CommandOf(const SweepRun& run, const fs::path& dir) const {
  std::vector<std::string> line = {fs::read_symlink("/proc/self/exe").string()};
  if (run.ranks > 1)
    line.insert(line.end(), {"launch", "-n", std::to_string(run.ranks), "--restarts", "0", "--"});
  line.insert(line.end(), {"train", arguments_.file.string()});
  line.insert(line.end(), arguments_.overrides.begin(), arguments_.overrides.end());
  line.insert(line.end(), run.overrides.begin(), run.overrides.end());
  line.push_back("output.dir=" + dir.string());
  if (base_.data.packed_dir.empty())
    line.push_back("data.packed_dir=" + (output_ / "packed").string());
  return line;
}

// With the run's measures, or with the reason why it failed.
SweepLine PointRuns::Train(const SweepRun& run) const {
  const fs::path dir = output_ / "runs" / run.id;
  fs::remove_all(dir);
  fs::create_directories(dir);
  SweepLine line{{"id", run.id}, {"point", SweepLine::object()}};
  for (const auto& [key, value] : run.point) line["point"][key] = value;
  line["ranks"] = run.ranks;
  line["repeat"] = run.repeat;
  line["batch_size"] = run.config.train.batch_size;
  const auto begin = std::chrono::steady_clock::now();
  ChildProcess child(CommandOf(run, dir), dir / "log.txt");
  std::optional<int> code;
  while (!(code = child.Ended())) std::this_thread::sleep_for(kPointPollPeriod);
  line["wall_seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  line["exit_code"] = *code;
  line["status"] = NameOf(*code == 0 ? SweepStatus::kDone : SweepStatus::kFailed);
  if (*code == 0) {
    AddMeasures(dir / "metrics.jsonl", base_.sweep.target_auc, &line);
  } else {
    line["error"] = ReasonOf(dir / "log.txt");
  }
  if (!base_.sweep.keep_models) fs::remove_all(dir / "model");
  return line;
}

void PointRuns::WriteTables() const {
  const auto points = Points();
  ReplaceText(table(), CsvOf(points), ExitCode::kTraining);
  ReplaceText(report(),
              ReportOf(title_ + " " + arguments_.file.filename().string(), points,
                       BestPoint(points, base_.evaluate.best)),
              ExitCode::kTraining);
}

}  // namespace fathom
