#include <cmath>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/point_runs.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/sweep_grid.h"

namespace fathom {
namespace {

std::string NameOf(const SweepRun& run) {
  std::string name;
  for (const auto& [key, value] : run.point) name += (name.empty() ? "" : "  ") + key + "=" + value;
  return run.repeat > 0 ? fmt::format("{}  repeat {}", name, run.repeat) : name;
}

std::string OutcomeOfRun(const SweepLine& line) {
  const auto number = [&](const char* name) {
    return line.at(name).is_number() ? line.at(name).get<double>() : NAN;
  };
  return fmt::format("{:.0f} examples/s, AUC {:.5f}, {:.0f} rows, {:.0f} MB at most",
                     number("examples_per_second"), number("auc"), number("rows"),
                     number("peak_rss_bytes") / 1e6);
}

// What to say of the best point; empty: no run has kept its best model.
std::string Best(const PointRuns& runs) {
  const auto points = runs.Points();
  const BestBy by = runs.base().evaluate.best;
  const SweepPoint* const best = BestPoint(points, by);
  return best == nullptr ? "" : DescribeBest(*best, by) + "\n";
}

}  // namespace

int SweepCommand(const ConfigArguments& arguments) {
  PointRuns runs(arguments, LoadConfig(arguments.file, arguments.overrides), "sweep", "Sweep of");
  const auto grid = ExpandGrid(arguments.file, arguments.overrides);
  int failed = 0;
  for (std::size_t i = 0; i < grid.size(); ++i) {
    const std::string label = fmt::format("[{}/{}] {}", i + 1, grid.size(), NameOf(grid[i]));
    failed += IsDone(runs.Do(grid[i], label, OutcomeOfRun)) ? 0 : 1;
  }
  runs.WriteTables();
  Terminal::Standard().Write(fmt::format("\n{}table   {}\nplots   {}\n", Best(runs),
                                         runs.table().string(), runs.report().string()));
  if (failed == 0) return 0;
  Terminal::Errors().Write(
      fmt::format("fathom: {} runs failed; the same command tries those again\n", failed));
  return static_cast<int>(ExitCode::kTraining);
}

}  // namespace fathom
