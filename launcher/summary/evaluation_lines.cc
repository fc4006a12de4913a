#include "launcher/summary/evaluation_lines.h"

#include <fmt/format.h>

namespace fathom {

std::string EvaluationLines(const Config& config, const Metrics& m) {
  std::string lines = fmt::format(
      "examples     {}\nauc          {:.6f}\nauc_low      {:.6f}\nauc_high     {:.6f}\n"
      "logloss      {:.6f}\naccuracy     {:.6f}\ncalibration  {:.6f}\n",
      m.examples, m.auc, m.auc_low, m.auc_high, m.logloss, m.accuracy, m.calibration);
  if (m.weighted)
    lines += fmt::format("weight       {:.6g}   (all metrics are weighted)\n", m.weight);
  if (m.gauc_groups > 0) {
    lines += fmt::format("gauc         {:.6f}   ({} groups of {})\n", m.gauc, m.gauc_groups,
                         config.evaluate.group_by);
  }
  if (const std::string missing = DescribeCoverage(m.coverage); !missing.empty())
    lines += fmt::format("without row  {}\n", missing);
  return lines;
}

}  // namespace fathom
