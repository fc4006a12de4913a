#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/run/folder_lock.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/point_run.h"
#include "launcher/run/run_data.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_points.h"
#include "launcher/sweep/sweep_report.h"
#include "launcher/sweep/sweep_results.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

std::string NameOf(const SweepRun& run) {
  std::string name;
  for (const auto& [key, value] : run.point) name += (name.empty() ? "" : "  ") + key + "=" + value;
  return run.repeat > 0 ? fmt::format("{}  repeat {}", name, run.repeat) : name;
}

class Sweep {
 public:
  explicit Sweep(const ConfigArguments& arguments)
      : arguments_(arguments),
        base_(LoadConfig(arguments.file, arguments.overrides)),
        output_(base_.output.dir),
        lock_(MadeRunsFolder(output_), "sweep", [] {}),
        runs_(ExpandGrid(arguments.file, arguments.overrides)),
        results_(output_ / "sweep.jsonl", DataMark(base_)) {}

  // The number of runs that failed.
  int Run() {
    RefuseInputReadOnce(base_, static_cast<int>(runs_.size()));
    int failed = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const std::string place = fmt::format("[{}/{}] {}", i + 1, runs_.size(), NameOf(runs_[i]));
      const SweepLine* line = results_.Find(runs_[i].id);
      const bool done = line != nullptr && IsDone(*line);
      if (!done) {
        Say("{} ...", place);
        results_.Add(TrainPoint(arguments_, base_, runs_[i]));
        WriteTables();
        line = results_.Find(runs_[i].id);
      }
      Say("{}: {}{}", place, Outcome(*line), done ? " (done before)" : "");
      failed += IsDone(*line) ? 0 : 1;
    }
    WriteTables();
    return failed;
  }

  const fs::path& output() const { return output_; }

  // What to say of the best point; empty: no run has kept its best model.
  std::string Best() const {
    const auto points = PointsOf(runs_, results_);
    const SweepPoint* const best = BestPoint(points, base_.evaluate.best);
    return best == nullptr ? "" : DescribeBest(*best, base_.evaluate.best) + "\n";
  }

 private:
  template <typename... Args>
  static void Say(fmt::format_string<Args...> format, Args&&... args) {
    Terminal::Standard().Write(fmt::format(format, std::forward<Args>(args)...) + "\n");
  }

  static std::string Outcome(const SweepLine& line) {
    if (!IsDone(line)) return "FAILED: " + line.value("error", "");
    const auto number = [&](const char* name) {
      return line.at(name).is_number() ? line.at(name).get<double>() : NAN;
    };
    return fmt::format("{:.0f} examples/s, AUC {:.5f}, {:.0f} rows, {:.0f} MB at most",
                       number("examples_per_second"), number("auc"), number("rows"),
                       number("peak_rss_bytes") / 1e6);
  }

  void WriteTables() const {
    const auto points = PointsOf(runs_, results_);
    ReplaceText(output_ / "sweep.csv", CsvOf(points), ExitCode::kTraining);
    ReplaceText(output_ / "report.html",
                ReportOf("Sweep of " + arguments_.file.filename().string(), points,
                         BestPoint(points, base_.evaluate.best)),
                ExitCode::kTraining);
  }

  const ConfigArguments& arguments_;
  Config base_;
  fs::path output_;
  FolderLock lock_;
  std::vector<SweepRun> runs_;
  SweepResults results_;
};

}  // namespace

int SweepCommand(const ConfigArguments& arguments) {
  Sweep sweep(arguments);
  const int failed = sweep.Run();
  Terminal::Standard().Write(fmt::format("\n{}table   {}\nplots   {}\n", sweep.Best(),
                                         (sweep.output() / "sweep.csv").string(),
                                         (sweep.output() / "report.html").string()));
  if (failed == 0) return 0;
  Terminal::Errors().Write(
      fmt::format("fathom: {} runs failed; the same command tries those again\n", failed));
  return static_cast<int>(ExitCode::kTraining);
}

}  // namespace fathom
