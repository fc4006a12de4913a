#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "common/byte_size.h"
#include "launcher/coordinator/evaluation_sink.h"
#include "launcher/plan/plan.h"
#include "server/table/admission_filter.h"
#include "server/table/row_budget.h"
#include "server/table/row_index.h"
#include "server/table/row_store.h"
#include "server/table/slab_arena.h"
#include "server/table/table_room.h"
#include "worker/feature/side_rows.h"

namespace fathom {
namespace {

// The bytes of one partition's index.
double IndexBytes(double rows) {
  const auto capacity = RowIndex::CapacityFor(static_cast<std::uint64_t>(std::ceil(rows)));
  return static_cast<double>(capacity * sizeof(std::uint32_t));
}

double SumOver(const PartLoad& part, const ModelSpec& spec, double per_occurrence, double per_key,
               double per_segment, double per_key_float, double per_segment_float) {
  double sum = 0;
  for (std::size_t t = 0; t < part.tables.size(); ++t) {
    const TableLoad& table = part.tables[t];
    const double floats = spec.tables[t].pulled_floats();
    sum += table.occurrences * per_occurrence + table.keys * (per_key + floats * per_key_float) +
           table.segments * (per_segment + floats * per_segment_float);
  }
  return sum;
}

// An example's scratch: the sum of its embeddings, their products, and a pooled embedding for each
// multivalent field (worker/model/fm_part.cc).
double FmFloats(const ModelSpec& spec) {
  double dim = 0, pooled = 0;
  for (const Field& field : spec.fields) {
    if (field.dim == 0) continue;
    dim = field.dim;
    pooled += field.multivalent ? 1 : 0;
  }
  return (2 + pooled) * dim;
}

// Batches, pulled rows, gradients and messages: worker/batch/batch.h, pulled_rows.h,
// row_gradients.h.
double WorkerBytes(const Config& config, const ModelSpec& spec, const DataSample& sample,
                   const PartLoad& part) {
  constexpr double kBatches = 3;  // in use, made, being made
  const double batches =
      kBatches * (SumOver(part, spec, 4, 12, 24, 0, 0) +
                  part.examples * (1 + 4.0 * static_cast<double>(spec.numerics.size())));
  const double builder = SumOver(part, spec, 22, 100, 20, 0, 0);
  const double rows = SumOver(part, spec, 0, 0, 0, 3 * 4, 0);
  const double gradients = SumOver(part, spec, 0, 16, 0, 2 * 4, 4) + 4 * part.examples;
  const double slices = part.examples / static_cast<double>(config.train.slice_size);
  const auto threads = static_cast<double>(config.cluster.threads);
  const double dense = 4.0 * spec.dense_floats * (4 + threads + std::log2(std::max(slices, 1.0)));
  double activations = 0;
  for (const LayerSpec& layer : spec.layers) activations += 3.0 * layer.outputs;
  if (spec.Has(ModelPartKind::kFm)) activations += FmFloats(spec);
  activations *= 4 * threads * static_cast<double>(config.train.slice_size);
  return batches + builder + rows + gradients + dense + activations +
         static_cast<double>(sample.mapped_bytes);
}

// Of the tables' bytes, what is in memory at a time: with a cold tier the hashes of keys come to
// them, and the rest of the limit's rows lie on disk.
double InMemory(const Config& config, double tables, double rows) {
  if (config.server.cold_tier.empty()) return tables;
  return std::min(tables + sizeof(std::uint32_t) * rows, config.server.memory_limit.bytes());
}

double ServerBytes(const Config& config, const ModelSpec& spec, const DataSample& sample,
                   const PartLoad& part, const Layout& layout) {
  const double servers = layout.servers;
  const double workers = layout.workers;
  auto tables = static_cast<double>(AdmissionFilter::BytesOfAll(config));
  double rows = 0;
  for (std::size_t t = 0; t < spec.tables.size(); ++t) {
    tables += TableBytes(config, spec.tables[t], sample.rows[t]);
    rows += sample.rows[t];
  }
  // While a partition is saved its rows are sorted by key.
  const Partitions cut(config.server.partitions);
  const double sorted = 40 * rows / cut.count();
  // Two pulls and a push of each worker, and the answer on its way.
  const double messages = workers * SumOver(part, spec, 0, 2 * 16, 0, 2 * 4, 0);
  const double dense =
      4.0 * spec.dense_floats * (2 + TraitsOf(spec.dense_rule).states() + 2 * workers);
  return (InMemory(config, tables, rows) + messages + dense) / servers + sorted;
}

// The joined tables that the model will keep, twice: as they were packed, and with the model's
// texts. They are no longer than their files.
double SideTableBytes(const Config& config) {
  double bytes = 0;
  for (const JoinConfig& join : config.joins) {
    std::error_code none;
    const auto size = std::filesystem::file_size(SideTablePath(config.data, join), none);
    bytes += none ? 0 : 2 * static_cast<double>(size);
  }
  return bytes;
}

double CoordinatorBytes(const Config& config, const ModelSpec& spec, const DataSample& sample) {
  const std::uint64_t examples = sample.evaluation_examples;
  return SideTableBytes(config) +
         static_cast<double>(examples * EvaluationSink::BytesOfExample(examples, spec.grouped,
                                                                       spec.example_weights));
}

}  // namespace

double TableBytes(const Config& config, const TableSpec& table, double rows) {
  const double partitions = Partitions(config.server.partitions).count();
  const double in_partition = rows / partitions;
  const double slab = static_cast<double>(RowStore::kSlabRows) * table.row_bytes();
  // Partitions differ by about the root of their rows. Where that is little they all end in the
  // same slab, else the last one is half full on average. The list of slabs has room to double.
  const bool alike = std::sqrt(in_partition) < RowStore::kSlabRows / 4.0;
  const double slabs = alike ? std::ceil(in_partition / RowStore::kSlabRows) * slab
                             : in_partition * table.row_bytes() + slab / 2;
  const double list = in_partition / RowStore::kSlabRows * 1.5 * sizeof(void*);
  const bool marks = config.checkpoint.every_steps > 0;
  const double marked = marks ? slabs / (8.0 * SlabArena::kMarkedBytes) : 0;
  return partitions * (slabs + list + marked + IndexBytes(in_partition));
}

double MemoryPlan::TotalBytes() const {
  double sum = 0;
  for (const ProcessPlan& process : processes) sum += process.processes * process.bytes;
  return sum;
}

MemoryPlan PlanMemory(const Config& config, const ModelSpec& spec, const Layout& layout,
                      const DataSample& sample, const PartLoad& part, const ClusterShape& shape) {
  MemoryPlan plan;
  plan.row_bytes = static_cast<double>(AdmissionFilter::BytesOfAll(config));
  for (std::size_t t = 0; t < spec.tables.size(); ++t) {
    plan.rows += sample.rows[t];
    plan.row_bytes += TableBytes(config, spec.tables[t], sample.rows[t]);
  }
  for (int rank = 0; rank < layout.ranks(); ++rank) {
    double bytes = static_cast<double>(shape.base_bytes);
    bool reads = false;
    for (const Role& role : RolesOf(layout, rank)) {
      if (role.kind == RoleKind::kServer) bytes += ServerBytes(config, spec, sample, part, layout);
      if (role.kind == RoleKind::kCoordinator) bytes += CoordinatorBytes(config, spec, sample);
      if (role.kind != RoleKind::kWorker) continue;
      bytes += WorkerBytes(config, spec, sample, part);
      // A process maps the packed files once.
      if (reads) bytes -= static_cast<double>(sample.mapped_bytes);
      reads = true;
    }
    const std::string kinds = KindsOf(layout, rank);
    auto same = std::find_if(plan.processes.begin(), plan.processes.end(),
                             [&](const ProcessPlan& process) { return process.roles == kinds; });
    if (same == plan.processes.end()) {
      plan.processes.push_back({kinds, 1, bytes});
    } else {
      ++same->processes;
      same->bytes = std::max(same->bytes, bytes);
    }
  }
  return plan;
}

void KeepToLimit(const Config& config, const ModelSpec& spec, DataSample* sample) {
  const RowBudget budget(config, spec.tables);
  if (!budget.limited()) return;
  const double partitions = Partitions(config.server.partitions).count();
  std::vector<std::uint64_t> in_partition;
  for (const double rows : sample->rows)
    in_partition.push_back(static_cast<std::uint64_t>(rows / partitions));
  if (!budget.Full(in_partition)) return;
  const auto keep = budget.Keep(in_partition);
  for (std::size_t t = 0; t < keep.size(); ++t)
    sample->rows[t] = static_cast<double>(keep[t]) * partitions;
}

void CheckRoom(const Config& config, const ModelSpec& spec, const DataSample& sample) {
  const ServerConfig& server = config.server;
  // Then there are fewer rows than keys, nobody knows how many.
  if (server.admission_probability < 1 || server.admission_count > 1 ||
      server.evict_unused_steps > 0)
    return;
  for (std::size_t t = 0; t < spec.tables.size(); ++t)
    CheckRoom(spec.tables[t], sample.rows[t], Partitions(config.server.partitions));
}

int LargestDim(const Config& config, const Layout& layout, const DataSample& sample,
               const PartLoad& part, const ClusterShape& shape, double host_bytes) {
  const auto fits = [&](int dim) {
    Config other = config;
    other.model.embedding_dim = dim;
    // An optional part may refuse a dim that not all fields share; what it takes is little.
    other.model.parts = ModelConfig().parts;
    const ModelSpec spec = MakeModelSpec(other);
    if (spec.tables.size() != sample.rows.size()) return false;
    const MemoryPlan plan = PlanMemory(other, spec, layout, sample, part, shape);
    std::map<std::string, double> by_host;
    for (int rank = 0; rank < layout.ranks(); ++rank) {
      for (const ProcessPlan& process : plan.processes) {
        if (process.roles == KindsOf(layout, rank))
          by_host[layout.hosts[static_cast<std::size_t>(rank)]] += process.bytes;
      }
    }
    return std::all_of(by_host.begin(), by_host.end(),
                       [&](const auto& host) { return host.second <= host_bytes; });
  };
  int low = 0, high = kMaxEmbeddingDim + 1;  // low fits (or is 0), high does not
  while (high - low > 1) {
    const int middle = (low + high) / 2;
    (fits(middle) ? low : high) = middle;
  }
  return low;
}

int PartsOf(const Config& config, const Layout& layout) {
  return config.train.consistency == Consistency::kSync ? layout.workers : 1;
}

}  // namespace fathom
