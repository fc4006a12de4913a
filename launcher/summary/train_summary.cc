#include "launcher/summary/train_summary.h"

#include <fmt/format.h>
#include <fmt/printf.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <string>

namespace fathom {
namespace {

// Of bounded and async runs: in sync mode no batch ever misses another.
void AddStaleness(const StalenessHistogram& histogram, std::string* text) {
  std::uint64_t batches = 0, missing = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    batches += histogram[i];
    missing += histogram[i] * i;
  }
  if (missing == 0) return;
  text->append(fmt::sprintf("staleness: rows missed %.2f batches on average, %zu at most\n",
                            static_cast<double>(missing) / static_cast<double>(batches),
                            histogram.size() - 1));
}

// Before the run, beside what came.
void AddPrediction(const FinalReport& report, std::string* text) {
  const auto off = [](double predicted, double real) { return 100 * (predicted / real - 1); };
  const auto real_bytes = static_cast<double>(TotalBytes(report.peaks));
  *text += fmt::format("predicted: {:.0f} MB ({:+.0f} %), ", report.predicted_rss_bytes / 1e6,
                       off(report.predicted_rss_bytes, real_bytes));
  if (std::isnan(report.predicted_examples_per_second)) {
    *text += "no speed: `fathom plan` calibrates this machine once";
  } else {
    *text += fmt::format("{:.0f} examples/s ({:+.0f} %)", report.predicted_examples_per_second,
                         off(report.predicted_examples_per_second, report.examples_per_second));
  }
  *text += "\n";
}

void AddRows(const FinalReport& report, std::string* text) {
  text->append(fmt::sprintf("%llu rows, %.1f bytes a row; peak memory %.0f MB over all processes\n",
                            static_cast<unsigned long long>(report.rows), report.bytes_per_row,
                            static_cast<double>(TotalBytes(report.peaks)) / 1e6));
  if (report.evicted_rows + report.refused_updates > 0) {
    text->append(
        fmt::sprintf("%llu rows were evicted, %llu updates of keys without a row were dropped\n",
                     static_cast<unsigned long long>(report.evicted_rows),
                     static_cast<unsigned long long>(report.refused_updates)));
  }
  if (report.cold_bytes > 0) {
    text->append(fmt::sprintf(
        "%.0f MB of rows on disk; of the rows that were asked for %.1f %% were in memory\n",
        static_cast<double>(report.cold_bytes) / 1e6,
        100 - 100 * static_cast<double>(report.rows_read) /
                  static_cast<double>(std::max<std::uint64_t>(report.rows_asked, 1))));
  }
}

void AddEvaluated(const char* which, const EvaluatedModel& model, std::string* text) {
  text->append(fmt::sprintf("%s: step %llu, epoch %llu: log loss %.5f, AUC %.5f", which,
                            static_cast<unsigned long long>(model.step),
                            static_cast<unsigned long long>(model.epoch), model.logloss,
                            model.auc));
  if (!std::isnan(model.gauc)) text->append(fmt::sprintf(", GAUC %.5f", model.gauc));
  text->append("\n");
}

// Of a run that keeps its best model.
void AddBest(const Config& config, const FinalReport& report, std::string* text) {
  if (!report.best) return;
  if (report.ended_early) {
    text->append(fmt::sprintf("ended early: no better model in %llu evaluations\n",
                              static_cast<unsigned long long>(config.train.patience)));
  }
  if (report.best->best.step == 0) {
    text->append(
        fmt::sprintf("no evaluation gave a number for evaluate.best = \"%s\": the model is "
                     "that of the last step\n",
                     NameOf(report.best->by).data()));
    return;
  }
  text->append(fmt::sprintf("on the validation part, best by %s, and last:\n",
                            NameOf(report.best->by).data()));
  AddEvaluated("  best", report.best->best, text);
  AddEvaluated("  last", report.best->last, text);
}

void AddMetrics(const Config& config, EvaluationPart part, const Metrics& m, std::string* text) {
  text->append(fmt::sprintf("%s AUC %.5f, 95 %% interval [%.5f, %.5f], over %llu examples\n",
                            NameOf(part).data(), m.auc, m.auc_low, m.auc_high,
                            static_cast<unsigned long long>(m.examples)));
  text->append(fmt::sprintf("log loss %.5f, accuracy %.4f, calibration %.4f\n", m.logloss,
                            m.accuracy, m.calibration));
  if (m.weighted)
    text->append(fmt::sprintf("all metrics are weighted: sum of weights %.6g\n", m.weight));
  if (m.gauc_groups > 0) {
    text->append(fmt::sprintf("AUC per %s %.5f, over %llu groups\n",
                              config.evaluate.group_by.c_str(), m.gauc,
                              static_cast<unsigned long long>(m.gauc_groups)));
  }
}

}  // namespace

std::string SummaryText(const Config& config, const FinalReport& report) {
  std::string summary;
  std::string* const text = &summary;
  text->append(fmt::sprintf("\n%llu examples in %.1f s: %.0f examples/s\n",
                            static_cast<unsigned long long>(report.examples), report.seconds,
                            report.examples_per_second));
  AddRows(report, text);
  AddPrediction(report, text);
  AddStaleness(report.staleness, text);
  text->append(fmt::sprintf("%s\n%s\n", ShareLine("worker", report.profile.worker_stages).c_str(),
                            ShareLine("server", report.profile.server_stages).c_str()));
  AddBest(config, report, text);
  if (report.evaluated) AddMetrics(config, report.evaluated_on, report.metrics, text);
  const bool best = report.best && report.best->best.step > 0;
  text->append(fmt::sprintf("model: %s%s\n",
                            (std::filesystem::path(config.output.dir) / "model").c_str(),
                            best ? ", the best one" : ""));
  return summary;
}

}  // namespace fathom
