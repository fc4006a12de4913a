// What the server counts, for Prometheus. Counting takes no locks.
//
// Thread rule: any thread. What is handed out lives as long as this.
#pragma once

#include <prometheus/collectable.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace fathom {

using AtomicCount = std::atomic<std::uint64_t>;

// Values of a field that were scored.
struct FieldCounts {
  AtomicCount values{0};
  AtomicCount without_row{0};
};

class ModelCounts {
 public:
  // Upper bounds of the histogram's buckets, in seconds.
  static constexpr std::array<double, 16> kBounds = {0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001,
                                                     0.0015, 0.002,  0.003,  0.005,  0.01,    0.025,
                                                     0.1,    0.25,   1,      5};
  static constexpr std::array<int, 13> kCodes = {200, 204, 400, 404, 405, 411, 413,
                                                 415, 431, 500, 503, 505, 0};  // 0: any other

  explicit ModelCounts(std::string name) : name_(std::move(name)) {}

  void AddRequest(int code, std::chrono::nanoseconds duration);
  void AddExamples(std::uint64_t examples) { examples_ += examples; }
  void AddReload(bool done) { ++(done ? reloads_done_ : reloads_failed_); }
  void SetVersion(const std::string& version);

  // Of all versions of the model that have the field.
  FieldCounts* OfField(const std::string& field);

 private:
  friend class ServeMetrics;

  const std::string name_;
  std::array<AtomicCount, kCodes.size()> requests_ = {};
  std::array<AtomicCount, kBounds.size() + 1> durations_ = {};  // the last: longer than all bounds
  AtomicCount duration_sum_ns_{0};
  AtomicCount examples_{0};
  AtomicCount reloads_done_{0};
  AtomicCount reloads_failed_{0};
  mutable std::mutex mutex_;
  std::map<std::string, FieldCounts> fields_;
  std::string version_;  // empty: none is open
};

class ServeMetrics : public prometheus::Collectable {
 public:
  // Before the server starts.
  ModelCounts* AddModel(const std::string& name);

  // Of requests that name no model that is served.
  ModelCounts* WithoutModel() { return &without_model_; }

  std::vector<prometheus::MetricFamily> Collect() const override;

  // In the text format 0.0.4, with what the kernel says of the process.
  std::string Text() const;

 private:
  ModelCounts without_model_{""};
  std::deque<ModelCounts> models_;
};

}  // namespace fathom
