#include "launcher/coordinator/evaluation_report.h"

#include <string>

#include "common/log_line.h"

namespace fathom {

void ReportEvaluation(RunMode mode, std::uint64_t step, EvaluationPart part,
                      double training_seconds, const Metrics& metrics, MetricsLog* log) {
  if (log != nullptr) log->Evaluation(step, part, training_seconds, metrics);
  const std::string when =
      mode == RunMode::kTrain ? fmt::format(" after step {}", step) : std::string();
  const std::string gauc = metrics.gauc_groups > 0 ? fmt::format("   GAUC {:.5f} ({} groups)",
                                                                 metrics.gauc, metrics.gauc_groups)
                                                   : std::string();
  const std::string weight =
      metrics.weighted ? fmt::format("   weighted, sum of weights {:.6g}", metrics.weight) : "";
  LogInfo(
      "evaluation{}: AUC {:.5f} [{:.5f}, {:.5f}]   log loss {:.5f}   accuracy {:.4f}   calibration "
      "{:.4f}{}{}",
      when, metrics.auc, metrics.auc_low, metrics.auc_high, metrics.logloss, metrics.accuracy,
      metrics.calibration, gauc, weight);
  if (const std::string missing = DescribeCoverage(metrics.coverage); !missing.empty())
    LogInfo("  values without a row in the model, which count as zeros: {}", missing);
  // Of a training's own data, packing has said so, and where that is meant.
  if (mode == RunMode::kTrain) return;
  for (const FieldCoverage& field : HardlyKnown(metrics.coverage)) {
    LogWarning(
        "{}: the model has no row for {} of its {} values: check that they are written as in the "
        "training data",
        field.name, field.without_row, field.values);
  }
}

}  // namespace fathom
