// One run of a sweep or of a search: `train` of its config in a process of its own.
#pragma once

#include <filesystem>

#include "common/config/config.h"
#include "launcher/commands/commands.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_results.h"

namespace fathom {

// Makes OUTPUT/runs, where the runs have their folders, and returns OUTPUT. Throws Error(kUsage).
std::filesystem::path MadeRunsFolder(const std::filesystem::path& output);

// Trains into base.output.dir/runs/ID, anew, and returns when the run has ended. The runs share
// their packed data; their models are removed unless sweep.keep_models. The line is that of the
// results: with the run's measures, or with the reason why it failed.
SweepLine TrainPoint(const ConfigArguments& arguments, const Config& base, const SweepRun& run);

}  // namespace fathom
