// metrics.jsonl: what a run measured, one JSON object a line (docs/metrics.md lists the members).
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/metrics/metrics.h"
#include "launcher/coordinator/checkpoints.h"
#include "launcher/coordinator/final_report.h"

namespace fathom {

struct TrainWindow {       // a stretch of steps
  std::uint64_t step = 0;  // steps done
  std::uint64_t epoch = 0;
  std::uint64_t examples = 0;  // done since the start
  double logloss = 0;          // progressive: of the stretch's examples, each before its update
  double examples_per_second = 0;
};

class MetricsLog {
 public:
  // kAnew empties the file first; kOn adds to it, and removes half a line that a killed run left at
  // its end. Throws Error(kTraining) where it cannot be
  // written.
  enum class Write { kAnew, kOn };
  explicit MetricsLog(const std::filesystem::path& file, Write write = Write::kAnew);

  // A run that goes on from a checkpoint. Lines before it that are of later steps are of the run
  // that was stopped or failed.
  void Resume(std::uint64_t step);

  // What packing says of the data: `summary` is a JSON object.
  void Data(const std::string& summary);

  void Train(const TrainWindow& window);
  // `seconds`: of training, so far.
  void Evaluation(std::uint64_t step, EvaluationPart part, double seconds, const Metrics& metrics);
  void Checkpoint(const CheckpointReport& report);
  void Final(const FinalReport& report);

 private:
  void WriteLine(const std::string& line);

  std::filesystem::path file_;
  std::ofstream out_;
};

}  // namespace fathom
