#include "launcher/metrics/serve_metrics.h"

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "launcher/metrics/process_metrics.h"

namespace fathom {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using MetricLabels = std::vector<ClientMetric::Label>;

ClientMetric CounterOf(std::uint64_t value, MetricLabels labels) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
  return metric;
}

MetricFamily FamilyOf(const char* name, const char* help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

}  // namespace

void ModelCounts::AddRequest(int code, std::chrono::nanoseconds duration) {
  const auto known = std::find(kCodes.begin(), kCodes.end() - 1, code);
  ++requests_[static_cast<std::size_t>(known - kCodes.begin())];
  const double seconds = std::chrono::duration<double>(duration).count();
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);
  ++durations_[static_cast<std::size_t>(bound - kBounds.begin())];
  duration_sum_ns_ += static_cast<std::uint64_t>(duration.count());
}

void ModelCounts::SetVersion(const std::string& version) {
  const std::lock_guard<std::mutex> lock(mutex_);
  version_ = version;
}

FieldCounts* ModelCounts::OfField(const std::string& field) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return &fields_[field];
}

ModelCounts* ServeMetrics::AddModel(const std::string& name) { return &models_.emplace_back(name); }

std::vector<MetricFamily> ServeMetrics::Collect() const {
  MetricFamily requests = FamilyOf("fathom_serve_requests_total",
                                   "Requests answered, by model and status.", MetricType::Counter);
  MetricFamily durations = FamilyOf(
      "fathom_serve_request_duration_seconds",
      "From a whole request to its whole answer, without the network.", MetricType::Histogram);
  MetricFamily examples =
      FamilyOf("fathom_serve_examples_total", "Rows scored.", MetricType::Counter);
  MetricFamily reloads = FamilyOf("fathom_serve_reloads_total",
                                  "Models opened to replace one, by result.", MetricType::Counter);
  MetricFamily values = FamilyOf("fathom_serve_values_total",
                                 "Values of a field in the rows scored.", MetricType::Counter);
  MetricFamily without_row =
      FamilyOf("fathom_serve_values_without_row_total",
               "Values of a field that the model has no row for.", MetricType::Counter);
  MetricFamily info = FamilyOf(
      "fathom_serve_model_info",
      "The version that is served: the step that the model was trained to.", MetricType::Gauge);
  const auto add_requests = [&](const ModelCounts& of) {
    for (std::size_t c = 0; c < ModelCounts::kCodes.size(); ++c) {
      const std::uint64_t count = of.requests_[c];
      if (count == 0 && c > 0) continue;
      const int code = ModelCounts::kCodes[c];
      const std::string text = code == 0 ? "other" : std::to_string(code);
      requests.metric.push_back(CounterOf(count, {{"model", of.name_}, {"code", text}}));
    }
    ClientMetric histogram;
    histogram.label = {{"model", of.name_}};
    std::uint64_t sum = 0;
    for (std::size_t b = 0; b < of.durations_.size(); ++b) {
      sum += of.durations_[b];
      const bool last = b == ModelCounts::kBounds.size();
      histogram.histogram.bucket.push_back(
          {sum, last ? std::numeric_limits<double>::infinity() : ModelCounts::kBounds[b]});
    }
    histogram.histogram.sample_count = sum;
    histogram.histogram.sample_sum = static_cast<double>(of.duration_sum_ns_) * 1e-9;
    durations.metric.push_back(histogram);
  };
  add_requests(without_model_);
  for (const ModelCounts& model : models_) {
    add_requests(model);
    examples.metric.push_back(CounterOf(model.examples_, {{"model", model.name_}}));
    reloads.metric.push_back(
        CounterOf(model.reloads_done_, {{"model", model.name_}, {"result", "done"}}));
    reloads.metric.push_back(
        CounterOf(model.reloads_failed_, {{"model", model.name_}, {"result", "failed"}}));
    const std::lock_guard<std::mutex> lock(model.mutex_);
    for (const auto& [field, counts] : model.fields_) {
      const MetricLabels labels = {{"model", model.name_}, {"field", field}};
      values.metric.push_back(CounterOf(counts.values, labels));
      without_row.metric.push_back(CounterOf(counts.without_row, labels));
    }
    if (model.version_.empty()) continue;
    ClientMetric one;
    one.label = {{"model", model.name_}, {"version", model.version_}};
    one.gauge.value = 1;
    info.metric.push_back(one);
  }
  return {requests, durations, examples, reloads, values, without_row, info};
}

std::string ServeMetrics::Text() const {
  std::vector<MetricFamily> families = Collect();
  MetricFamily build = FamilyOf("fathom_build_info", "The program's version.", MetricType::Gauge);
  ClientMetric one;
  one.label = {{"version", FATHOM_VERSION}};
  one.gauge.value = 1;
  build.metric.push_back(one);
  families.push_back(build);
  for (MetricFamily& family : ProcessMetrics()) families.push_back(std::move(family));
  // A family without samples would be a head without a body.
  families.erase(std::remove_if(families.begin(), families.end(),
                                [](const MetricFamily& family) { return family.metric.empty(); }),
                 families.end());
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace fathom
