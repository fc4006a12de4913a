#include "launcher/run/model_difference.h"

#include <fmt/format.h>

#include "common/settings/config_difference.h"

namespace fathom {
namespace {

std::string Line(const char* what, const std::string& first, const std::string& second) {
  if (first == second) return "";
  const auto shown = [](const std::string& text) { return text.empty() ? "none" : text; };
  return fmt::format("  {}: {} (second: {})\n", what, shown(first), shown(second));
}

}  // namespace

std::string ExplainDifference(const TrainedModel& first, const TrainedModel& second) {
  const ModelOrigin& a = first.manifest.origin;
  const ModelOrigin& b = second.manifest.origin;
  std::string text;
  for (const SettingDifference& one : DifferencesOf(first.config, second.config))
    text += Line(one.key.c_str(), one.first, one.second);
  text += Line("packed training data", a.data, b.data);
  text += Line("warm start from the model", a.warm_start, b.warm_start);
  text += Line("written by", a.program, b.program);
  if (!text.empty()) return "what differs in how they were made:\n" + text;
  if (first.config.train.consistency != Consistency::kSync) {
    return fmt::format(
        "they were made alike, with train.consistency = \"{}\": the order of updates differs from "
        "run to run\n",
        NameOf(first.config.train.consistency));
  }
  if (first.manifest.step != second.manifest.step)
    return "they were made alike and are of different steps\n";
  return "they were made alike: the same settings, training data, beginning and version of fathom. "
         "One of them was computed or stored wrongly: by a faulty processor, memory or disk, or by "
         "a fault of fathom\n";
}

}  // namespace fathom
