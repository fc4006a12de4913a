// What a run has come to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/message/saved_message.h"
#include "common/metrics/metrics.h"
#include "launcher/coordinator/run_profile.h"

namespace fathom {

struct ProcessPeak {
  std::string roles;        // the kinds of roles it played, as "server"
  std::uint64_t bytes = 0;  // resident, at most
};

std::uint64_t TotalBytes(const std::vector<ProcessPeak>& peaks);

struct FinalReport {
  bool evaluated = false;  // else the numbers below say nothing
  Metrics metrics;         // of the model that the run leaves
  EvaluationPart evaluated_on = EvaluationPart::kTest;
  std::optional<BestSoFar> best;   // of a run that keeps its best model
  bool ended_early = false;        // train.patience was over
  double progressive_logloss = 0;  // over all the run's training examples, weighted
  bool weighted = false;           // the examples have weights
  double training_weight = 0;      // their sum, over all training examples
  std::uint64_t steps = 0;
  std::uint64_t examples = 0;      // trained on, all epochs, also before a resume
  std::uint64_t examples_now = 0;  // of them, since this run was started or resumed
  double seconds = 0;              // of training, evaluation left out
  double examples_per_second = 0;
  std::vector<ProcessPeak> peaks;  // by rank
  std::uint64_t rows = 0;
  std::uint64_t zero_wide_weights = 0;
  std::uint64_t evicted_rows = 0;
  std::uint64_t refused_updates = 0;
  std::uint64_t cold_bytes = 0;  // on disk: server.cold_tier
  std::uint64_t rows_asked = 0;  // with a cold tier: by pulls, of those that were there
  std::uint64_t rows_read = 0;   // of them, from disk
  double bytes_per_row = 0;      // slabs and index, per row
  std::uint64_t resumed_at = 0;  // step
  std::uint64_t checkpoints = 0;
  std::uint64_t checkpoints_failed = 0;
  double checkpoint_stall_seconds = 0;  // that training was held back, in all
  StalenessHistogram staleness;         // over all servers
  ProfileReport profile;
  double predicted_rss_bytes = 0;            // before the run, of all processes
  double predicted_examples_per_second = 0;  // NaN: this machine is not calibrated
};

}  // namespace fathom
