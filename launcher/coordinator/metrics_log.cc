#include "launcher/coordinator/metrics_log.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "common/error.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

// JSON has no NaN: a metric that is not defined is null.
Json Number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void AddMetrics(const Metrics& m, Json* object) {
  Json& o = *object;
  o["evaluation_examples"] = m.examples;
  o["evaluation_positives"] = m.positives;
  if (m.weighted) o["evaluation_weight"] = Number(m.weight);
  o["auc"] = Number(m.auc);
  o["auc_low"] = Number(m.auc_low);
  o["auc_high"] = Number(m.auc_high);
  o["logloss"] = Number(m.logloss);
  o["accuracy"] = Number(m.accuracy);
  o["calibration"] = Number(m.calibration);
  o["gauc"] = Number(m.gauc);
  o["gauc_groups"] = m.gauc_groups;
  o["gauc_examples"] = m.gauc_examples;
  o["without_row"] = Json::object();
  for (const FieldCoverage& field : m.coverage) {
    if (field.without_row > 0)
      o["without_row"][field.name] = {{"values", field.values}, {"without_row", field.without_row}};
  }
}

void AddEvaluated(const std::string& which, const EvaluatedModel& model, Json* object) {
  Json& o = *object;
  o[which + "_step"] = model.step;
  o[which + "_epoch"] = model.epoch;
  o[which + "_auc"] = Number(model.auc);
  o[which + "_logloss"] = Number(model.logloss);
  o[which + "_gauc"] = Number(model.gauc);
}

// Of a run that keeps its best model: the evaluations on the validation part.
void AddBest(const FinalReport& report, Json* object) {
  if (!report.best) return;
  Json& o = *object;
  o["best_by"] = NameOf(report.best->by);
  AddEvaluated("best", report.best->best, object);
  AddEvaluated("last", report.best->last, object);
  o["ended_early"] = report.ended_early;
}

Json Stages(const std::vector<StageSummary>& stages) {
  Json object = stages.empty() ? Json(nullptr) : Json::object();
  for (const StageSummary& stage : stages) {
    object[stage.name] = {{"share", Number(stage.share)},
                          {"seconds", stage.seconds},
                          {"count", stage.count},
                          {"p50_ms", Number(stage.p50_ms)},
                          {"p99_ms", Number(stage.p99_ms)}};
  }
  return object;
}

void AddProfile(const ProfileReport& p, Json* object) {
  Json& o = *object;
  o["workers"] = p.workers;
  o["servers"] = p.servers;
  o["threads"] = p.threads;
  o["cpu_cores_used"] = Number(p.cpu_cores_used);
  o["bytes_per_example_sent"] = Number(p.bytes_per_example_sent);
  o["bytes_per_example_received"] = Number(p.bytes_per_example_received);
  o["unique_keys_per_batch"] = Number(p.unique_keys_per_batch);
  o["make_batch_seconds"] = p.make_batch_seconds;
  o["pull_p50_ms"] = Number(p.pull_p50_ms);
  o["pull_p99_ms"] = Number(p.pull_p99_ms);
  o["push_p50_ms"] = Number(p.push_p50_ms);
  o["push_p99_ms"] = Number(p.push_p99_ms);
  o["stages"] = {{"workers", Stages(p.worker_stages)}, {"servers", Stages(p.server_stages)}};
}

// Of the processes that played the same kinds of roles, the largest.
Json LargestByRole(const std::vector<ProcessPeak>& peaks) {
  std::map<std::string, std::uint64_t> largest;
  for (const ProcessPeak& peak : peaks)
    largest[peak.roles] = std::max(largest[peak.roles], peak.bytes);
  return largest;
}

// What follows the last newline. A line is a few kilobytes at most.
void CutHalfALine(const std::filesystem::path& file) {
  std::error_code none;
  std::uintmax_t bytes = std::filesystem::file_size(file, none);
  if (none) return;
  std::ifstream in(file, std::ios::binary);
  const std::uintmax_t all = bytes;
  while (bytes > 0 && in.seekg(static_cast<std::streamoff>(bytes) - 1) && in.peek() != '\n')
    --bytes;
  if (bytes < all) std::filesystem::resize_file(file, bytes, none);
}

}  // namespace

MetricsLog::MetricsLog(const std::filesystem::path& file, Write write) : file_(file) {
  if (write == Write::kOn) CutHalfALine(file);
  out_.open(file, write == Write::kOn ? std::ios::app : std::ios::trunc);
  if (!out_) Fail(ExitCode::kTraining, "{}: cannot be written: check output.dir", file.string());
}

void MetricsLog::Data(const std::string& summary) {
  Json line = Json::object();
  line["event"] = "data";
  line["step"] = 0;
  line.update(Json::parse(summary));
  WriteLine(line.dump());
}

void MetricsLog::Train(const TrainWindow& window) {
  Json line = Json::object();
  line["event"] = "train";
  line["step"] = window.step;
  line["epoch"] = window.epoch;
  line["examples"] = window.examples;
  line["progressive_logloss"] = Number(window.logloss);
  line["examples_per_second"] = Number(window.examples_per_second);
  WriteLine(line.dump());
}

void MetricsLog::Evaluation(std::uint64_t step, EvaluationPart part, double seconds,
                            const Metrics& metrics) {
  Json line = Json::object();
  line["event"] = "evaluation";
  line["step"] = step;
  line["part"] = NameOf(part);
  line["training_seconds"] = seconds;
  AddMetrics(metrics, &line);
  WriteLine(line.dump());
}

void MetricsLog::Resume(std::uint64_t step) {
  Json line = Json::object();
  line["event"] = "resume";
  line["step"] = step;
  WriteLine(line.dump());
}

void MetricsLog::Checkpoint(const CheckpointReport& report) {
  Json line = Json::object();
  line["event"] = "checkpoint";
  line["step"] = report.step;
  line["failure"] = report.failure.empty() ? Json(nullptr) : Json(report.failure);
  line["rows"] = report.rows;
  line["bytes_written"] = report.bytes_written;
  line["seconds"] = report.seconds;
  line["stall_seconds"] = report.stall_seconds;
  WriteLine(line.dump());
}

void MetricsLog::Final(const FinalReport& report) {
  Json line = Json::object();
  line["event"] = "final";
  line["step"] = report.steps;
  line["part"] = report.evaluated ? Json(NameOf(report.evaluated_on)) : Json(nullptr);
  AddMetrics(report.evaluated ? report.metrics
                              : Metrics{.auc = NAN,
                                        .auc_low = NAN,
                                        .auc_high = NAN,
                                        .logloss = NAN,
                                        .accuracy = NAN,
                                        .calibration = NAN,
                                        .gauc = NAN},
             &line);
  AddBest(report, &line);
  line["progressive_logloss"] = Number(report.progressive_logloss);
  line["examples"] = report.examples;
  if (report.weighted) line["training_weight"] = Number(report.training_weight);
  line["seconds"] = report.seconds;
  line["examples_per_second"] = Number(report.examples_per_second);
  line["peak_rss_bytes"] = TotalBytes(report.peaks);
  line["peak_rss_bytes_by_role"] = LargestByRole(report.peaks);
  line["rows"] = report.rows;
  line["zero_wide_weights"] = report.zero_wide_weights;
  line["evicted_rows"] = report.evicted_rows;
  line["refused_updates"] = report.refused_updates;
  line["cold_bytes"] = report.cold_bytes;
  line["rows_asked"] = report.rows_asked;
  line["rows_read"] = report.rows_read;
  line["bytes_per_row"] = Number(report.bytes_per_row);
  line["resumed_at"] = report.resumed_at;
  line["checkpoints"] = report.checkpoints;
  line["checkpoints_failed"] = report.checkpoints_failed;
  line["checkpoint_stall_seconds"] = report.checkpoint_stall_seconds;
  line["staleness"] = report.staleness;
  line["predicted_peak_rss_bytes"] = Number(report.predicted_rss_bytes);
  line["predicted_examples_per_second"] = Number(report.predicted_examples_per_second);
  AddProfile(report.profile, &line);
  WriteLine(line.dump());
}

void MetricsLog::WriteLine(const std::string& line) {
  out_ << line << '\n' << std::flush;
  if (!out_) Fail(ExitCode::kTraining, "{}: writing failed: is the disk full?", file_.string());
}

}  // namespace fathom
