#include "server/shard/shard.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/aligned_vector.h"
#include "common/bfloat16.h"
#include "common/error.h"
#include "common/model/admission_file.h"
#include "common/model/model_file.h"
#include "common/run_log.h"

namespace fathom {
namespace {

[[noreturn]] void FailNotFinite(const TableSpec& spec, std::uint64_t step, const MergedRow& row) {
  const auto bad =
      std::find_if(row.deep.begin(), row.deep.end(), [](float g) { return !std::isfinite(g); });
  const bool deep = bad != row.deep.end();
  Fail(ExitCode::kNumeric,
       "step {}: table {}, key {:016x}: the gradient of {} is {}; lower deep.learning_rate, "
       "dense.learning_rate or wide.alpha, or look for extreme values in the numeric columns",
       step, spec.name, row.key,
       deep ? fmt::format("embedding element {}", bad - row.deep.begin()) : "the wide weight",
       deep ? *bad : row.wide);
}

}  // namespace

Shard::Shard(const Config& config, const ModelSpec& spec, int server, int servers)
    : spec_(spec),
      first_partition_(FirstPartition(server, servers)),
      end_partition_(FirstPartition(server + 1, servers)),
      cold_(config, static_cast<double>(end_partition_ - first_partition_) / kPartitions),
      arena_(PagesOf(config), cold_.on() ? &cold_ : nullptr),
      dense_(config, spec, server, servers),
      merge_(spec.row_format),
      admission_(config, first_partition_, end_partition_),
      files_(spec.tables, tables_, dense_, arena_, admission_, first_partition_, end_partition_),
      budget_(config, spec.tables),
      unused_steps_(config.server.evict_unused_steps) {
  for (const TableSpec& table : spec.tables) {
    tables_.emplace_back(table, config, first_partition_, end_partition_, &arena_);
  }
}

void Shard::Load(const std::filesystem::path& dir, const Alive& alive) {
  const Manifest manifest = ReadManifest(dir);
  if (manifest.tables != spec_.tables ||
      manifest.dense_floats != static_cast<std::uint64_t>(spec_.dense_floats)) {
    Fail(ExitCode::kModel,
         "{}: the model's tables or layers are not those of the config; use the config.toml that "
         "lies in the model's folder",
         dir.string());
  }
  for (int p = first_partition_; p < end_partition_; ++p) {
    ReadPartition(dir, manifest, p, [&](std::size_t table, Key key, std::span<const float> state) {
      tables_[table].Restore(key, state);
    });
    if (cold_.on()) KeepColdWithin();
    alive();
  }
  dense_.Restore(ReadDense(dir, manifest));
  if (admission_.on() && manifest.progress) RestoreAdmission(dir, manifest);
  files_.Loaded(manifest);
  KeepToBudget();
}

void Shard::RestoreAdmission(const std::filesystem::path& dir, const Manifest& manifest) {
  for (int p = first_partition_; p < end_partition_; ++p) {
    if (!admission_.Restore(p, ReadAdmissionFile(dir, manifest, p).bytes())) {
      Fail(ExitCode::kModel,
           "{}: the admission filter of partition {} has another size; set "
           "server.admission_filter as it was",
           dir.string(), p);
    }
  }
}

PendingPull Shard::Find(Buffer payload, PullMessage message) {
  PendingPull pull{std::move(payload), std::move(message), {}};
  if (!cold_.on()) {
    FindAll(&pull);
    return pull;
  }
  for (std::size_t t = 0; t < tables_.size(); ++t) tables_[t].FetchAhead(pull.message.keys[t]);
  pull.evictions = PendingPull::kDeferred;
  return pull;
}

void Shard::FindDeferred(PendingPull* pull) const {
  if (pull->evictions == PendingPull::kDeferred) FindAll(pull);
}

void Shard::FindAll(PendingPull* pull) const {
  pull->evictions = evictions_;
  pull->rows.resize(tables_.size());
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const auto keys = pull->message.keys[t];
    pull->rows[t].resize(keys.size());
    tables_[t].Find(keys, pull->rows[t].data());
  }
}

void Shard::FindMissing(PendingPull* pull) const {
  if (pull->evictions != evictions_) return FindAll(pull);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    std::vector<Key> keys;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < pull->rows[t].size(); ++i) {
      if (pull->rows[t][i] != nullptr) continue;
      keys.push_back(pull->message.keys[t][i]);
      places.push_back(i);
    }
    std::vector<float*> found(keys.size());
    tables_[t].Find(keys, found.data());
    for (std::size_t i = 0; i < found.size(); ++i) pull->rows[t][places[i]] = found[i];
  }
}

Buffer Shard::EncodeRows(const PendingPull& pull) {
  PayloadWriter writer;
  writer.Put<std::uint64_t>(pull.message.will_push ? 1 : 0);
  const auto dense = pull.message.wants_dense ? dense_.values() : std::span<const float>();
  writer.Put<std::uint64_t>(dense.size());
  writer.PutArray(dense);
  for (std::size_t t = 0; t < tables_.size(); ++t) {
    const TableSpec& spec = spec_.tables[t];
    const auto keys = pull.message.keys[t];
    const auto dim = static_cast<std::size_t>(spec.dim);
    writer.Put<std::uint64_t>(keys.size());
    if (spec_.row_format == RowFormat::kFloat32) {
      if (spec.wide) tables_[t].GatherWeights(pull.rows[t], writer.Array<float>(keys.size()));
      if (dim > 0)
        tables_[t].GatherEmbeddings(keys, pull.rows[t], writer.Array<float>(keys.size() * dim));
    } else {
      if (spec.wide) {
        AlignedVector<float> weights(keys.size());
        tables_[t].GatherWeights(pull.rows[t], weights);
        ToBfloat16(weights, writer.Array<std::uint16_t>(weights.size()).data());
      }
      AlignedVector<float> embeddings(keys.size() * dim);
      if (dim > 0) tables_[t].GatherEmbeddings(keys, pull.rows[t], embeddings);
      if (dim > 0) ToBfloat16(embeddings, writer.Array<std::uint16_t>(embeddings.size()).data());
    }
  }
  // What is trained on is looked after when the step has been taken.
  if (cold_.on() && !pull.message.will_push) cold_.KeepWithin();
  return writer.Take();
}

void Shard::Update(const StepPlan& plan, std::span<WorkerGradients> workers) {
  std::vector<Part> parts;
  for (WorkerGradients& worker : workers) {
    if (worker.pull.evictions != evictions_) FindAll(&worker.pull);
    for (const PushMessage::Node& node : worker.message.nodes) parts.push_back({&worker, &node});
  }
  std::sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
    return a.node->node.first_slice < b.node->node.first_slice;
  });
  std::vector<TreeNode> nodes;
  for (const Part& part : parts) nodes.push_back(part.node->node);
  CheckCoverage(plan.step, nodes, plan.slices);
  for (std::size_t t = 0; t < tables_.size(); ++t) UpdateTable(plan.step, t, parts);
  std::vector<DenseGradient> dense;
  for (const Part& part : parts) {
    if (!part.node->dense.empty()) dense.push_back({part.node->node.first_slice, part.node->dense});
  }
  dense_.Update(plan.step, plan.examples, dense);
  EvictUnused(plan.step);
  KeepToBudget();
}

// One partition a step, so that no step takes much longer for it.
void Shard::EvictUnused(std::uint64_t step) {
  const int partition = static_cast<int>(step % kPartitions);
  if (unused_steps_ == 0 || partition < first_partition_ || partition >= end_partition_) return;
  bool evicted = false;
  for (SparseTable& table : tables_) evicted |= table.EvictUnused(partition, step, unused_steps_);
  if (!evicted) return;
  files_.Rewritten(partition);
  ++evictions_;
}

void Shard::KeepColdWithin() {
  std::size_t others = arena_.kept_bytes();
  for (const SparseTable& table : tables_) others += table.index_bytes();
  cold_.SetOtherBytes(others);
  cold_.KeepWithin();
}

// Between steps, so that all of a step's keys find the same partitions open.
void Shard::KeepToBudget() {
  if (cold_.on()) KeepColdWithin();
  if (!budget_.limited()) return;
  bool evicted = false;
  for (int p = first_partition_; p < end_partition_; ++p) {
    std::vector<std::uint64_t> rows;
    for (const SparseTable& table : tables_) rows.push_back(table.RowsOf(p));
    const bool full = budget_.Full(rows);
    if (full && !at_limit_) {
      at_limit_ = true;
      LogWarning("the tables have reached server.memory_limit: {}",
                 budget_.at_limit() == AtLimit::kRefuse ? "new keys get no rows any more"
                                                        : "rows are evicted");
    }
    if (budget_.at_limit() == AtLimit::kRefuse) {
      for (SparseTable& table : tables_) table.Close(p, full);
    } else if (full) {
      const auto keep = budget_.Keep(rows);
      for (std::size_t t = 0; t < tables_.size(); ++t)
        tables_[t].Evict(p, keep[t], budget_.at_limit());
      files_.Rewritten(p);
      evicted = true;
    }
  }
  if (evicted) ++evictions_;
}

std::vector<std::size_t> Shard::MissingPlaces(std::size_t table, const Part& part) {
  const PushMessage::Table& gradients = part.node->tables[table];
  const std::vector<float*>& rows = part.worker->pull.rows[table];
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < gradients.count; ++i) {
    const std::size_t place = gradients.all ? i : gradients.positions[i];
    if (rows[place] == nullptr) places.push_back(place);
  }
  return places;
}

// Of all parts before any row is created, and each key once: it does not matter who names it.
void Shard::CountMissing(std::size_t table, std::span<const Part> parts) {
  std::vector<Key> missing;
  for (const Part& part : parts) {
    for (const std::size_t place : MissingPlaces(table, part))
      missing.push_back(part.worker->pull.message.keys[table][place]);
  }
  std::sort(missing.begin(), missing.end());
  missing.erase(std::unique(missing.begin(), missing.end()), missing.end());
  admission_.Count(table, missing);
}

void Shard::CreateMissing(std::uint64_t step, std::size_t table, const Part& part) {
  const auto keys = part.worker->pull.message.keys[table];
  std::vector<float*>& rows = part.worker->pull.rows[table];
  std::vector<std::size_t> places = MissingPlaces(table, part);
  // A key that got its row since the pull stays admitted.
  std::erase_if(places, [&](std::size_t place) { return !admission_.Admits(table, keys[place]); });
  std::vector<Key> missing;
  for (const std::size_t place : places) missing.push_back(keys[place]);
  std::vector<float*> created(missing.size());
  tables_[table].FindOrCreate(missing, step, created.data());
  for (std::size_t i = 0; i < created.size(); ++i) rows[places[i]] = created[i];
}

void Shard::UpdateTable(std::uint64_t step, std::size_t table, std::span<const Part> parts) {
  const TableSpec& spec = spec_.tables[table];
  SparseTable& rows = tables_[table];
  if (admission_.on()) CountMissing(table, parts);
  std::vector<GradientSource> sources;
  for (const Part& part : parts) {
    CreateMissing(step, table, part);
    const PendingPull& pull = part.worker->pull;
    sources.push_back({part.node->node.first_slice, pull.message.keys[table], pull.rows[table],
                       &part.node->tables[table]});
  }
  merge_.Begin(spec, std::move(sources));
  for (MergedRow row; merge_.Next(&row);) {
    rows.Prefetch(merge_.Ahead());
    if (!std::isfinite(row.wide) || !AllFinite(row.deep)) FailNotFinite(spec, step, row);
    if (row.row == nullptr) {
      rows.CountRefused();
      continue;
    }
    rows.Update(step, row.row, row.wide, row.deep);
  }
}

}  // namespace fathom
