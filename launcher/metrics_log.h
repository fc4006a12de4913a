// metrics.jsonl: what a run measured, one JSON object a line (docs/metrics.md lists the members).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/metrics.h"
#include "common/saved_message.h"
#include "launcher/run_profile.h"

namespace fathom {

struct TrainWindow {       // a stretch of steps
  std::uint64_t step = 0;  // steps done
  std::uint64_t epoch = 0;
  std::uint64_t examples = 0;  // done since the start
  double logloss = 0;          // progressive: of the stretch's examples, each before its update
  double examples_per_second = 0;
};

struct FinalReport {
  bool evaluated = false;
  Metrics metrics;
  double progressive_logloss = 0;  // over all the run's training examples
  std::uint64_t steps = 0;
  std::uint64_t examples = 0;  // trained on, all epochs
  double seconds = 0;          // of training, evaluation left out
  double examples_per_second = 0;
  std::uint64_t peak_rss_bytes = 0;  // the sum over all processes
  std::uint64_t rows = 0;
  std::uint64_t zero_wide_weights = 0;
  double bytes_per_row = 0;      // slabs and index, per row
  StalenessHistogram staleness;  // over all servers
  ProfileReport profile;
};

class MetricsLog {
 public:
  // Starts the file anew. Throws Error(kTraining) where it cannot be written.
  explicit MetricsLog(const std::filesystem::path& file);

  void Train(const TrainWindow& window);
  void Evaluation(std::uint64_t step, const Metrics& metrics);
  void Final(const FinalReport& report);

 private:
  void Write(const std::string& line);

  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace fathom
