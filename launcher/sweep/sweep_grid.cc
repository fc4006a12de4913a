#include "launcher/sweep/sweep_grid.h"

#include <algorithm>
#include <span>

#include "common/error.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "common/settings/idle_settings.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

// The identity of a run: another version, config or number of ranks is another run.
std::string Identity(Config config, int ranks, int repeat) {
  config.output = {};
  config.data.packed_dir.clear();
  const std::string text =
      fmt::format("{} ranks {} repeat {}\n{}", FATHOM_VERSION, ranks, repeat, DumpConfig(config));
  return fmt::format("{:016x}", Xxh3(std::as_bytes(std::span(text))));
}

std::string Describe(const SweepRun& run) {
  std::string text;
  for (const auto& [key, value] : run.point) text += (text.empty() ? "" : " ") + key + "=" + value;
  return text;
}

void Finish(const std::filesystem::path& file, const std::vector<std::string>& overrides,
            SweepRun* run) {
  for (std::size_t axis = 0; axis < run->point.size(); ++axis) {
    const auto& [key, value] = run->point[axis];
    if (run->kinds[axis] == SweepConfig::AxisKind::kRanks) {
      run->ranks = std::stoi(value);
    } else {
      run->overrides.push_back(key + "=" + value);
    }
  }
  std::vector<std::string> all = overrides;
  all.insert(all.end(), run->overrides.begin(), run->overrides.end());
  try {
    GivenKeys given;
    run->config = LoadConfig(file, all, &given);
    if (run->repeat > 0) {
      run->config.seed += run->repeat;
      run->overrides.push_back(fmt::format("seed={}", run->config.seed));
    }
    IdleSettings(run->config, given, {.processes = run->ranks}, file.string());
  } catch (const Error& error) {
    Fail(error.code(), "the run with {}: {}", Describe(*run), error.what());
  }
  run->id = Identity(run->config, run->ranks, run->repeat);
}

}  // namespace

SweepRun RunOfPoint(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                    std::vector<std::pair<std::string, std::string>> point) {
  SweepRun run;
  run.kinds.assign(point.size(), SweepConfig::AxisKind::kOther);
  run.point = std::move(point);
  Finish(file, overrides, &run);
  return run;
}

std::vector<SweepRun> ExpandGrid(const std::filesystem::path& file,
                                 const std::vector<std::string>& overrides) {
  const Config base = LoadConfig(file, overrides);
  const auto& axes = base.sweep.axes;
  if (axes.empty()) {
    Fail(ExitCode::kUsage,
         "{}: nothing to sweep: write [sweep] with settings and their values, as "
         "\"model.embedding_dim\" = [4, 8, 16]",
         file.string());
  }
  std::size_t points = 1;
  for (const SweepConfig::Axis& axis : axes) points *= axis.values.size();
  std::vector<SweepRun> runs;
  for (std::size_t p = 0; p < points; ++p) {
    SweepRun run;
    std::size_t rest = p;
    for (auto axis = axes.rbegin(); axis != axes.rend(); ++axis) {  // the last changes fastest
      run.point.emplace_back(axis->key, axis->values[rest % axis->values.size()]);
      run.kinds.push_back(axis->kind);
      rest /= axis->values.size();
    }
    std::reverse(run.point.begin(), run.point.end());
    std::reverse(run.kinds.begin(), run.kinds.end());
    for (int repeat = 0; repeat < base.sweep.repeats; ++repeat) {
      SweepRun one = run;
      one.repeat = repeat;
      Finish(file, overrides, &one);
      runs.push_back(std::move(one));
    }
  }
  return runs;
}

}  // namespace fathom
