// The results of a sweep's runs: sweep.jsonl, a line for each run, written as the run ends, so that
// an interrupted sweep can go on; and the table of points made of it, sweep.csv.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "launcher/sweep/sweep_grid.h"

namespace fathom {

// A run's line: `id`, `point`, `ranks`, `repeat`, `batch_size`, `status` ("done", "failed"),
// `exit_code`, `error`, and of a run that is done its measures (docs/scaling.md).
using SweepLine = nlohmann::ordered_json;

enum class SweepStatus { kDone, kFailed };
template <>
struct NamesOf<SweepStatus> {
  static constexpr std::array<std::string_view, 2> kNames = {"done", "failed"};
};
bool IsDone(const SweepLine& line);

class SweepResults {
 public:
  // Reads what is there. A last line that was not finished is dropped; another that is no JSON
  // throws Error(kData).
  explicit SweepResults(const std::filesystem::path& file);

  // The last line of a run; null where it has none.
  const SweepLine* Find(const std::string& id) const;

  // Adds a line. It is in the file, though not synced, when this returns. Throws Error(kTraining).
  void Add(SweepLine line);

 private:
  std::filesystem::path file_;
  std::vector<SweepLine> lines_;
};

// The measures of a run from its metrics.jsonl, into its line. Throws Error(kData) where the run
// did not write its last line.
void AddMeasures(const std::filesystem::path& metrics, double target_auc, SweepLine* line);

// A point of the grid: medians over its runs that are done.
struct SweepPoint {
  std::vector<std::pair<std::string, std::string>> values;  // by axis
  int runs = 0;                                             // done
  int failed = 0;
  std::string error;  // of the last failure
  // By name, in the table's order; NaN: not defined. Those that repeats spread
  // over come with _min and _max.
  std::vector<std::pair<std::string, double>> measures;

  double Of(const std::string& measure) const;
};

// The points of these runs, as far as they have ended, in the grid's order.
std::vector<SweepPoint> PointsOf(const std::vector<SweepRun>& runs, const SweepResults& results);

// A line a point: axes, runs, failed, measures, error.
std::string CsvOf(const std::vector<SweepPoint>& points);

}  // namespace fathom
