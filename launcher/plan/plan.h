// What a run will take: memory by process, bytes on the way, time, and what bounds it. Pure
// functions of the config, a look at the data and this machine's prices (docs/scaling.md has the
// formulas).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/config/config.h"
#include "common/model/model_spec.h"
#include "common/schedule/layout.h"
#include "launcher/plan/cost_model.h"
#include "launcher/plan/data_sample.h"

namespace fathom {

// Where it is to run.
struct ClusterShape {
  int cores = 1;                        // of each host
  double network_bytes_per_second = 0;  // each way, of each host; 0: all roles on one host
  std::uint64_t base_bytes = 0;         // of a process that holds nothing
};

struct ProcessPlan {
  std::string roles;  // the kinds of roles it plays
  int processes = 0;  // alike
  double bytes = 0;   // of each, at most
};

struct MemoryPlan {
  double rows = 0;
  double row_bytes = 0;  // all servers: rows, index and admission filter
  std::vector<ProcessPlan> processes;

  double TotalBytes() const;
};

MemoryPlan PlanMemory(const Config& config, const ModelSpec& spec, const Layout& layout,
                      const DataSample& sample, const PartLoad& part, const ClusterShape& shape);

struct TimePlan {
  double step_seconds = 0;
  double examples_per_second = 0;
  double training_seconds = 0;  // all epochs, without evaluations
  std::string bottleneck;
};

TimePlan PlanTime(const Config& config, const ModelSpec& spec, const Layout& layout,
                  const DataSample& sample, const PartLoad& part, const ClusterShape& shape,
                  const Prices& prices);

// The bytes of a table of so many rows, spread over all partitions: slabs and index.
double TableBytes(const Config& config, const TableSpec& table, double rows);

// The rows that server.memory_limit leaves of those that the data have.
void KeepToLimit(const Config& config, const ModelSpec& spec, DataSample* sample);

// Throws Error(kUsage) where a table has no room for its rows: says how server.partitions makes it.
// Settings that keep rare or unused keys out leave it unknown.
void CheckRoom(const Config& config, const ModelSpec& spec, const DataSample& sample);

// The largest model.embedding_dim of which a host's memory holds the run; 0: not even 1.
// `host_bytes`: of each host.
int LargestDim(const Config& config, const Layout& layout, const DataSample& sample,
               const PartLoad& part, const ClusterShape& shape, double host_bytes);

// How many workers share one batch.
int PartsOf(const Config& config, const Layout& layout);

}  // namespace fathom
