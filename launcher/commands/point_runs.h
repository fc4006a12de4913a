// The runs of a sweep or of a search: `train` of each run's config in a process of its own, the
// line of what it reached, the table and the report of them all.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/run/folder_lock.h"
#include "launcher/commands/commands.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_points.h"
#include "launcher/sweep/sweep_results.h"

namespace fathom {

// Thread rule: one thread's own. Holds the lock of the output folder.
class PointRuns {
 public:
  // `name`: of the command, and of its files: NAME.jsonl, NAME.csv. `title`: of the report. The
  // runs lie in OUTPUT/runs, which is made; results of an earlier start on the same data are taken
  // over. Throws Error(kUsage) where the folder cannot be one, another process has it, or the data
  // can be read only once.
  PointRuns(const ConfigArguments& arguments, Config base, const std::string& name,
            std::string title);

  const Config& base() const { return base_; }
  const std::filesystem::path& output() const { return output_; }
  std::filesystem::path lines() const { return output_ / (name_ + ".jsonl"); }
  std::filesystem::path table() const { return output_ / (name_ + ".csv"); }
  std::filesystem::path report() const { return output_ / "report.html"; }

  // The next run: done before, or trained now, anew, into OUTPUT/runs/ID, beside the packed data
  // that all runs share. Its model is removed unless sweep.keep_models. Says `label` when it
  // begins, and `outcome` of its line when it has come to its end, or why it failed.
  using Outcome = std::function<std::string(const SweepLine& done)>;
  const SweepLine& Do(const SweepRun& run, const std::string& label, const Outcome& outcome);

  const SweepLine& LineOf(const SweepRun& run) const { return *results_.Find(run.id); }

  // Of the runs so far.
  const std::vector<SweepRun>& runs() const { return runs_; }
  std::vector<SweepPoint> Points() const { return PointsOf(runs_, results_); }
  void WriteTables() const;

 private:
  SweepLine Train(const SweepRun& run) const;
  std::vector<std::string> CommandOf(const SweepRun& run, const std::filesystem::path& dir) const;

  const ConfigArguments& arguments_;
  Config base_;
  std::string name_;
  std::string title_;
  std::filesystem::path output_;
  FolderLock lock_;
  SweepResults results_;
  std::vector<SweepRun> runs_;
};

}  // namespace fathom
