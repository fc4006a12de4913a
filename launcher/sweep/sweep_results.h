// The results of a sweep's runs: sweep.jsonl, a line for each run, written as the run ends, so that
// an interrupted sweep can go on.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "common/config/kinds.h"

namespace fathom {

// A run's line: `id`, `point`, `ranks`, `repeat`, `batch_size`, `data`, `status` ("done",
// "failed"), `exit_code`, `error`, and of a run that is done its measures (sweep_measures.h).
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
  // throws Error(kData). `data` marks what the runs train on: lines of other data do not count.
  explicit SweepResults(const std::filesystem::path& file, std::string data = {});
  ~SweepResults();

  // The last line of a run on these data; null where it has none.
  const SweepLine* Find(const std::string& id) const;

  // Adds a line. It is in the file, though not synced, when this returns. Throws Error(kTraining).
  void Add(SweepLine line);

 private:
  std::filesystem::path file_;
  std::string data_;
  std::vector<SweepLine> lines_;
};

}  // namespace fathom
