#include "launcher/commands/point_run.h"

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "launcher/launch/child_process.h"
#include "launcher/run/output_dir.h"
#include "launcher/sweep/sweep_measures.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr auto kPointPollPeriod = std::chrono::milliseconds(20);

// The last error line of a run that failed.
std::string ReasonOf(const fs::path& log) {
  std::ifstream in(log);
  std::string reason;
  for (std::string line; std::getline(in, line);) {
    if (line.rfind("fathom: ", 0) == 0) reason = line.substr(std::string("fathom: ").size());
  }
  return reason.empty() ? "no reason given: see " + log.string() : reason;
}

std::vector<std::string> LineOf(const ConfigArguments& arguments, const Config& base,
                                const SweepRun& run, const fs::path& dir) {
  std::vector<std::string> line = {fs::read_symlink("/proc/self/exe").string()};
  if (run.ranks > 1)
    line.insert(line.end(), {"launch", "-n", std::to_string(run.ranks), "--restarts", "0", "--"});
  line.insert(line.end(), {"train", arguments.file.string()});
  line.insert(line.end(), arguments.overrides.begin(), arguments.overrides.end());
  line.insert(line.end(), run.overrides.begin(), run.overrides.end());
  line.push_back("output.dir=" + dir.string());
  if (base.data.packed_dir.empty())
    line.push_back("data.packed_dir=" + (fs::path(base.output.dir) / "packed").string());
  return line;
}

}  // namespace

fs::path MadeRunsFolder(const fs::path& output) {
  MakeOutputDir(output / "runs");
  return output;
}

SweepLine TrainPoint(const ConfigArguments& arguments, const Config& base, const SweepRun& run) {
  const fs::path dir = fs::path(base.output.dir) / "runs" / run.id;
  fs::remove_all(dir);
  fs::create_directories(dir);
  SweepLine line{{"id", run.id}, {"point", SweepLine::object()}};
  for (const auto& [key, value] : run.point) line["point"][key] = value;
  line["ranks"] = run.ranks;
  line["repeat"] = run.repeat;
  line["batch_size"] = run.config.train.batch_size;
  const auto begin = std::chrono::steady_clock::now();
  ChildProcess child(LineOf(arguments, base, run, dir), dir / "log.txt");
  std::optional<int> code;
  while (!(code = child.Ended())) std::this_thread::sleep_for(kPointPollPeriod);
  line["wall_seconds"] =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  line["exit_code"] = *code;
  line["status"] = NameOf(*code == 0 ? SweepStatus::kDone : SweepStatus::kFailed);
  if (*code == 0) {
    AddMeasures(dir / "metrics.jsonl", base.sweep.target_auc, &line);
  } else {
    line["error"] = ReasonOf(dir / "log.txt");
  }
  if (!base.sweep.keep_models) fs::remove_all(dir / "model");
  return line;
}

}  // namespace fathom
