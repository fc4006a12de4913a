// What a sweep tells of a run: members of the last line of its metrics.jsonl, and some made of
// them.
#pragma once

#include <filesystem>
#include <string>

#include "launcher/sweep/sweep_results.h"

namespace fathom {

// The measures in the order of the table; those a run has not are left out of its line.
inline constexpr const char* kSweepMeasures[] = {"examples_per_second",
                                                 "seconds",
                                                 "seconds_to_auc",
                                                 "auc",
                                                 "auc_low",
                                                 "auc_high",
                                                 "logloss",
                                                 "best_logloss",
                                                 "best_auc",
                                                 "best_gauc",
                                                 "best_step",
                                                 "best_epoch",
                                                 "last_logloss",
                                                 "last_auc",
                                                 "last_gauc",
                                                 "rows",
                                                 "bytes_per_row",
                                                 "peak_rss_bytes",
                                                 "bytes_per_example_sent",
                                                 "bytes_per_example_received",
                                                 "unique_keys_per_batch",
                                                 "batch_wait_share",
                                                 "pull_wait_share",
                                                 "compute_share",
                                                 "row_gradients_share",
                                                 "push_share",
                                                 "server_busy_share",
                                                 "cpu_cores_used",
                                                 "workers",
                                                 "servers",
                                                 "threads",
                                                 "batch_size"};

// The measures of a run from its metrics.jsonl, into its line. Throws Error(kData) where the run
// did not write its last line.
void AddMeasures(const std::filesystem::path& metrics, double target_auc, SweepLine* line);

// The number of this name; NaN where there is none.
double NumberIn(const SweepLine& object, const std::string& name);

}  // namespace fathom
