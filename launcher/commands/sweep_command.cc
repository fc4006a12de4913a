#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/run/folder_lock.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/launch/child_process.h"
#include "launcher/run/output_dir.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_measures.h"
#include "launcher/sweep/sweep_points.h"
#include "launcher/sweep/sweep_report.h"
#include "launcher/sweep/sweep_results.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr auto kSweepPollPeriod = std::chrono::milliseconds(20);

std::string NameOf(const SweepRun& run) {
  std::string name;
  for (const auto& [key, value] : run.point) name += (name.empty() ? "" : "  ") + key + "=" + value;
  return run.repeat > 0 ? fmt::format("{}  repeat {}", name, run.repeat) : name;
}

// The last error line of a run that failed.
std::string ReasonOf(const fs::path& log) {
  std::ifstream in(log);
  std::string reason;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("fathom: ", 0) == 0) reason = line.substr(std::string("fathom: ").size());
  }
  return reason.empty() ? "no reason given: see " + log.string() : reason;
}

class Sweep {
 public:
  explicit Sweep(const ConfigArguments& arguments)
      : arguments_(arguments),
        base_(LoadConfig(arguments.file, arguments.overrides)),
        output_(base_.output.dir),
        lock_(MadeFolder(output_ / "runs").parent_path(), "sweep", [] {}),
        runs_(ExpandGrid(arguments.file, arguments.overrides)),
        results_(output_ / "sweep.jsonl") {}

  // The number of runs that failed.
  int Run() {
    int failed = 0;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const std::string place = fmt::format("[{}/{}] {}", i + 1, runs_.size(), NameOf(runs_[i]));
      const SweepLine* line = results_.Find(runs_[i].id);
      const bool done = line != nullptr && IsDone(*line);
      if (!done) {
        Say("{} ...", place);
        results_.Add(Train(runs_[i]));
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

  static fs::path MadeFolder(const fs::path& dir) {
    MakeOutputDir(dir);
    return dir;
  }

  std::vector<std::string> LineOf(const SweepRun& run, const fs::path& dir) const {
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

  SweepLine Train(const SweepRun& run) {
    const fs::path dir = output_ / "runs" / run.id;
    fs::remove_all(dir);
    fs::create_directories(dir);
    SweepLine line{{"id", run.id}, {"point", SweepLine::object()}};
    for (const auto& [key, value] : run.point) line["point"][key] = value;
    line["ranks"] = run.ranks;
    line["repeat"] = run.repeat;
    line["batch_size"] = run.config.train.batch_size;
    const auto begin = Clock::now();
    ChildProcess child(LineOf(run, dir), dir / "log.txt");
    std::optional<int> code;
    while (!(code = child.Ended())) std::this_thread::sleep_for(kSweepPollPeriod);
    line["wall_seconds"] = std::chrono::duration<double>(Clock::now() - begin).count();
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
