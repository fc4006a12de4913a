#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "common/schedule/schedule.h"
#include "launcher/plan/plan.h"

namespace fathom {
namespace {

// Where two bounds of a step are alike, both are felt: neither hides wholly behind the other.
constexpr double kSharpness = 6;

struct Bound {
  std::string name;
  double seconds = 0;
};

// Of the busiest host for one step: each worker talks with each server. A worker's gradients go one
// way, then its rows come the other; its keys have gone while it computed.
double NetworkSeconds(const Layout& layout, const Traffic& traffic, double bytes_per_second) {
  if (bytes_per_second <= 0) return 0;
  std::map<std::string, double> servers, workers;
  for (const Role& role : layout.roles) {
    const std::string& host = layout.hosts[static_cast<std::size_t>(role.rank)];
    if (role.kind == RoleKind::kServer) ++servers[host];
    if (role.kind == RoleKind::kWorker) ++workers[host];
  }
  double busiest = 0;
  for (const std::string& host : layout.hosts) {
    const double share = servers[host] / layout.servers;
    // Of workers here with servers elsewhere, and the other way round: opposite ways of the cable.
    busiest =
        std::max({busiest, workers[host] * (1 - share), (layout.workers - workers[host]) * share});
  }
  return busiest * (traffic.sent - traffic.asked + traffic.received) / bytes_per_second;
}

double Combine(const std::vector<Bound>& bounds) {
  double most = 0, sum = 0;
  for (const Bound& bound : bounds) most = std::max(most, bound.seconds);
  for (const Bound& bound : bounds) sum += std::pow(bound.seconds / most, kSharpness);
  return most * std::pow(sum, 1 / kSharpness);
}

class StepTime {
 public:
  StepTime(const Config& config, const Layout& layout, const StepLoad& load,
           const ClusterShape& shape, const Prices& prices)
      : config_(config), layout_(layout), load_(load), shape_(shape), prices_(prices) {}

  std::vector<Bound> Bounds() const {
    const bool sync = config_.train.consistency == Consistency::kSync;
    const double worker = Threaded(PricedStage::kCompute) + Threaded(PricedStage::kRowGradients) +
                          Of(PricedStage::kPush);
    // In sync mode all workers work on one step; else each on a step of its own, whose rows are
    // pulled ahead.
    const double turns = sync ? 1 : layout_.workers;
    const double network =
        NetworkSeconds(layout_, TrafficOf(load_), shape_.network_bytes_per_second) / turns;
    const double hand_over = Of(PricedStage::kHandOver) + Tcp() + network;
    const double server_path =
        Of(PricedStage::kDecode) / 2 + Of(PricedStage::kUpdate) + Of(PricedStage::kEncode);
    const double server = Of(PricedStage::kDecode) + Of(PricedStage::kFind) +
                          Of(PricedStage::kUpdate) + Of(PricedStage::kEncode);
    std::vector<Bound> bounds = {{"building batches", load_.part.batch_seconds / turns},
                                 {"processors", ProcessorSeconds() / (Hosts() * shape_.cores)}};
    if (sync) {
      bounds.push_back({worker >= hand_over + server_path ? "computing, then waiting for servers"
                                                          : "servers and the way to them",
                        worker + hand_over + server_path});
    } else {
      bounds.push_back({"computing", worker / turns});
      bounds.push_back({"servers", server});
      if (network > 0) bounds.push_back({"network", network});
    }
    return bounds;
  }

 private:
  double Of(PricedStage stage) const { return SecondsOf(stage, load_, prices_); }

  // The pool takes whole slices.
  double Threaded(PricedStage stage) const {
    const double slices =
        std::max(1.0, load_.part.examples / static_cast<double>(config_.train.slice_size));
    const double rounds = std::ceil(slices / static_cast<double>(config_.cluster.threads));
    return Of(stage) * rounds / slices;
  }

  bool OverTcp() const {
    return layout_.ranks() > 1 || config_.cluster.transport == TransportKind::kTcp ||
           config_.cluster.transport == TransportKind::kMpi;
  }
  double Tcp() const { return OverTcp() ? Of(PricedStage::kTcp) : 0; }

  // Of all cores, for one step.
  double ProcessorSeconds() const {
    const double steps_at_once =
        config_.train.consistency == Consistency::kSync ? layout_.workers : 1;
    const double worker = load_.part.batch_seconds + Of(PricedStage::kCompute) +
                          Of(PricedStage::kRowGradients) + Of(PricedStage::kPush) + Tcp();
    const double server = Of(PricedStage::kDecode) + Of(PricedStage::kFind) +
                          Of(PricedStage::kEncode) + Of(PricedStage::kUpdate);
    return steps_at_once * worker + layout_.servers * server;
  }

  int Hosts() const {
    return static_cast<int>(
        std::set<std::string>(layout_.hosts.begin(), layout_.hosts.end()).size());
  }

  const Config& config_;
  const Layout& layout_;
  const StepLoad& load_;
  const ClusterShape& shape_;
  const Prices& prices_;
};

}  // namespace

TimePlan PlanTime(const Config& config, const ModelSpec& spec, const Layout& layout,
                  const DataSample& sample, const PartLoad& part, const ClusterShape& shape,
                  const Prices& prices) {
  StepLoad load{.spec = &spec,
                .part = part,
                .workers = static_cast<double>(PartsOf(config, layout)),
                .servers = static_cast<double>(layout.servers)};
  const double steps = static_cast<double>(Schedule(config, sample.train_examples).steps());
  for (const double rows : sample.rows) load.new_rows.push_back(rows / steps);
  for (std::size_t t = 0; t < spec.tables.size(); ++t)
    load.table_bytes += TableBytes(config, spec.tables[t], sample.rows[t]) / layout.servers;
  const auto bounds = StepTime(config, layout, load, shape, prices).Bounds();
  const auto tightest =
      std::max_element(bounds.begin(), bounds.end(),
                       [](const Bound& a, const Bound& b) { return a.seconds < b.seconds; });
  TimePlan plan;
  plan.step_seconds = Combine(bounds);
  plan.training_seconds = plan.step_seconds * steps;
  plan.examples_per_second = static_cast<double>(sample.train_examples) *
                             static_cast<double>(config.train.epochs) / plan.training_seconds;
  plan.bottleneck = tightest->name;
  return plan;
}

}  // namespace fathom
