#include "launcher/sweep/sweep_measures.h"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "common/error.h"
#include "common/profile/stage.h"

namespace fathom {
namespace {

double SecondsTo(double target_auc, const std::vector<SweepLine>& events) {
  if (target_auc == 0) return NAN;
  for (const SweepLine& event : events) {
    if (event.value("event", "") == "evaluation" && NumberIn(event, "auc") >= target_auc)
      return NumberIn(event, "training_seconds");
  }
  return NAN;
}

void AddStages(const SweepLine& last, SweepLine* line) {
  const SweepLine& workers = last.at("stages").at("workers");
  for (const Stage stage :
       {Stage::kBatchWait, Stage::kPullWait, Stage::kCompute, Stage::kRowGradients, Stage::kPush})
    (*line)[std::string(StageName(stage)) + "_share"] = workers.at(StageName(stage)).at("share");
  const double idle =
      NumberIn(last.at("stages").at("servers").at(StageName(Stage::kIdle)), "share");
  (*line)["server_busy_share"] = 1 - idle;
}

}  // namespace

void AddMeasures(const std::filesystem::path& metrics, double target_auc, SweepLine* line) {
  std::vector<SweepLine> events;
  std::ifstream in(metrics);
  for (std::string text; std::getline(in, text);) {
    events.push_back(SweepLine::parse(text, nullptr, false));
    if (!events.back().is_object()) events.pop_back();
  }
  if (events.empty() || events.back().value("event", "") != "final")
    Fail(ExitCode::kData, "{}: the run ended without its last line", metrics.string());
  const SweepLine& last = events.back();
  for (const char* name : kSweepMeasures) {
    if (last.contains(name)) (*line)[name] = last.at(name);
  }
  for (const auto& [roles, bytes] : last.at("peak_rss_bytes_by_role").items())
    (*line)["peak_rss_bytes_" + roles] = bytes;
  const double reached = SecondsTo(target_auc, events);
  (*line)["seconds_to_auc"] = std::isnan(reached) ? SweepLine(nullptr) : SweepLine(reached);
  AddStages(last, line);
}

double NumberIn(const SweepLine& object, const std::string& name) {
  const auto found = object.find(name);
  return found == object.end() || !found->is_number() ? NAN : found->get<double>();
}

}  // namespace fathom
