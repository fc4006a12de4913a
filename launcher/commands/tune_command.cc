#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "common/config/best_model.h"
#include "common/error.h"
#include "common/file/replaced_file.h"
#include "common/settings/config_dump.h"
#include "common/settings/config_file.h"
#include "common/terminal.h"
#include "launcher/commands/commands.h"
#include "launcher/commands/point_runs.h"
#include "launcher/sweep/best_point.h"
#include "launcher/sweep/halving.h"
#include "launcher/sweep/search_space.h"
#include "launcher/sweep/sweep_grid.h"
#include "launcher/sweep/sweep_measures.h"
#include "launcher/sweep/sweep_points.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kUsualEpochs = 9;
constexpr std::int64_t kUsualPatience = 2;

// The config that every run begins with. Its output folder is the search's.
Config BaseOf(const ConfigArguments& arguments) {
  Config base = LoadConfig(arguments.file, arguments.overrides);
  if (KeepsBest(base)) return base;
  Fail(ExitCode::kUsage,
       "{}: `fathom tune` chooses by a validation part: give data.validation_fraction, as 0.1, and "
       "a metric in evaluate.best",
       arguments.file.string());
}

class Search {
 public:
  Search(const ConfigArguments& arguments, const TuneArguments& tune)
      : arguments_(arguments),
        tune_(tune),
        runs_(arguments, BaseOf(arguments), "tune", "Search around") {
    for (const std::string& given : arguments.overrides)
      fixed_.push_back(given.substr(0, given.find('=')));
  }

  // The best run of the last rung. The config as it is is in that rung too, and the first of
  // equals.
  SweepRun Run() {
    std::vector<std::uint64_t> places(static_cast<std::size_t>(tune_.points));
    std::iota(places.begin(), places.end(), 0);
    const std::vector<Rung> rungs = RungsOf(places.size(), MostEpochs());
    for (std::size_t r = 0;; ++r) {
      const std::vector<double> merits = TrainRung(places, rungs[r], r, rungs.size());
      const bool last = r + 1 == rungs.size();
      const auto survivors =
          last ? Survivors(merits, 1) : SurvivorsAndFirst(merits, rungs[r + 1].points);
      if (survivors.empty()) {
        Fail(ExitCode::kTraining,
             "no run has come to an end with a number for evaluate.best: see {}",
             runs_.lines().string());
      }
      if (last) return runs_.runs()[runs_.runs().size() - places.size() + survivors.front()];
      std::vector<std::uint64_t> next;
      for (const std::size_t survivor : survivors) next.push_back(places[survivor]);
      places = std::move(next);
    }
  }

  const PointRuns& runs() const { return runs_; }

 private:
  std::int64_t MostEpochs() const {
    return tune_.epochs > 0 ? tune_.epochs : std::max(runs_.base().train.epochs, kUsualEpochs);
  }

  // Trained anew for all of the rung's epochs, or until there is no better one for a while. The
  // config as it is ends in the last rung only when it says so itself, so that no epoch of its own
  // is missed. The test part is not evaluated on.
  SweepRun RunOf(std::uint64_t place, const Rung& rung, bool last) const {
    SearchPoint point =
        DrawPoint(runs_.base(), fixed_, static_cast<std::uint64_t>(tune_.seed), place);
    point.emplace_back("train.epochs", std::to_string(rung.epochs));
    if (runs_.base().train.patience == 0 && !(last && place == 0))
      point.emplace_back("train.patience", std::to_string(kUsualPatience));
    point.emplace_back("evaluate.on", NameOf(EvaluationPart::kValidation));
    return RunOfPoint(arguments_.file, arguments_.overrides, std::move(point));
  }

  // Each run's metric, so that higher is better; not a number where it failed.
  std::vector<double> TrainRung(const std::vector<std::uint64_t>& places, const Rung& rung,
                                std::size_t number, std::size_t rungs) {
    std::vector<double> merits;
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::string label =
          fmt::format("[rung {} of {}, {} of {}] point {}, {} epochs", number + 1, rungs, i + 1,
                      places.size(), places[i], rung.epochs);
      const SweepRun run = RunOf(places[i], rung, number + 1 == rungs);
      merits.push_back(MeritOfRun(runs_.Do(run, label, OutcomeOfPoint)));
    }
    return merits;
  }

  double MeritOfRun(const SweepLine& line) const {
    if (!IsDone(line)) return NAN;
    const BestBy by = runs_.base().evaluate.best;
    return MeritOf(by, NumberIn(line, fmt::format("best_{}", NameOf(by))));
  }

  static std::string OutcomeOfPoint(const SweepLine& line) {
    return fmt::format("log loss {:.5f}, AUC {:.5f} after epoch {:.0f}, {:.1f} s",
                       NumberIn(line, "best_logloss"), NumberIn(line, "best_auc"),
                       NumberIn(line, "best_epoch"), NumberIn(line, "wall_seconds"));
  }

  const ConfigArguments& arguments_;
  const TuneArguments& tune_;
  PointRuns runs_;                  // in order of rungs
  std::vector<std::string> fixed_;  // settings that the command line gives
};

// The best run's config, so that `fathom train` of it trains as the search did, and evaluates on
// the part that the user's config names.
void WriteTuned(const PointRuns& runs, const SweepRun& best, const fs::path& file) {
  Config config = best.config;
  config.evaluate.on = runs.base().evaluate.on;
  config.output.dir = (runs.output() / "tuned").string();
  ReplaceText(file, ConfigFileText(config), ExitCode::kTraining);
}

// Whether it says how long a run goes on and what it is evaluated on, and not what is trained.
bool IsOfTheRun(const std::string& key) {
  return key == "train.epochs" || key == "train.patience" || key == "evaluate.on";
}

std::string SettingsOf(const SweepPoint& point) {
  std::string text;
  for (const auto& [key, value] : point.values) {
    if (!IsOfTheRun(key)) text += (text.empty() ? "" : " ") + key + "=" + value;
  }
  return text;
}

// Of each point its last rung, best first.
std::vector<SweepPoint> Ranked(const PointRuns& runs) {
  std::vector<SweepPoint> ranked;
  std::vector<SweepPoint> points = runs.Points();
  for (SweepPoint& point : points) {
    std::erase_if(ranked,
                  [&](const SweepPoint& one) { return SettingsOf(one) == SettingsOf(point); });
    ranked.push_back(std::move(point));
  }
  const BestBy by = runs.base().evaluate.best;
  std::erase_if(ranked, [&](const SweepPoint& one) { return std::isnan(MeritOf(one, by)); });
  std::stable_sort(ranked.begin(), ranked.end(), [by](const SweepPoint& a, const SweepPoint& b) {
    return MeritOf(a, by) > MeritOf(b, by);
  });
  return ranked;
}

std::string TableOf(const PointRuns& runs) {
  constexpr std::size_t kShown = 10;
  std::string text = fmt::format("{:>9} {:>9} {:>6}  settings\n", "log loss", "AUC", "epoch");
  const auto ranked = Ranked(runs);
  for (std::size_t i = 0; i < std::min(ranked.size(), kShown); ++i) {
    text +=
        fmt::format("{:>9.5f} {:>9.5f} {:>6.0f}  {}\n", ranked[i].Of("best_logloss"),
                    ranked[i].Of("best_auc"), ranked[i].Of("best_epoch"), SettingsOf(ranked[i]));
  }
  return text;
}

}  // namespace

void TuneCommand(const ConfigArguments& arguments, const TuneArguments& tune) {
  Search search(arguments, tune);
  const SweepRun best = search.Run();
  const PointRuns& runs = search.runs();
  const fs::path file = runs.output() / "tuned.toml";
  WriteTuned(runs, best, file);
  const SweepLine& line = runs.LineOf(best);
  Terminal::Standard().Write(fmt::format(
      "\n{}\nbest by {} on the validation part: log loss {:.5f}, AUC {:.5f}, after epoch {:.0f}\n"
      "table   {}\nplots   {}\nconfig  {}\n",
      TableOf(runs), NameOf(runs.base().evaluate.best), NumberIn(line, "best_logloss"),
      NumberIn(line, "best_auc"), NumberIn(line, "best_epoch"), runs.table().string(),
      runs.report().string(), file.string()));
}

}  // namespace fathom
