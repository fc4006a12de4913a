#include "server/shard/shard.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "common/finite.h"
#include "common/model/admission_file.h"
#include "common/model/dense_file.h"
#include "common/model/manifest.h"

namespace fathom {
namespace {

[[noreturn]] void FailTooLarge(const TableSpec& spec, std::uint64_t step, const MergedRow& row) {
  const auto bad = std::find_if(row.deep.begin(), row.deep.end(), [](const float& g) {
    return !MayUpdate({&g, 1});
  });
  const bool deep = bad != row.deep.end();
  Fail(ExitCode::kNumeric,
       "step {}: table {}, key {:016x}: the gradient of {} is {}; lower the learning rates of "
       "[deep], [dense] and [wide], or look for extreme values in the numeric columns and in "
       "weights "
       "of lists",
       step, spec.name, row.key,
       deep ? fmt::format("embedding element {}", bad - row.deep.begin()) : "the wide weight",
       deep ? *bad : row.wide);
}

// The sum of the weights of the batch's examples, along the slice tree.
float WeightOf(std::span<const DenseGradient> parts) {
  float sums[TreeSum::kMaxDepth] = {};
  const auto add = [&](int into, int from) { sums[into] += sums[from]; };
  TreeSum sum;
  for (const DenseGradient& part : parts) {
    const int slot = sum.Push(part.first_slice, add);
    sums[slot] = part.weight;
  }
  sum.Finish(add);
  return sums[0];
}

}  // namespace

Shard::Shard(const Config& config, const ModelSpec& spec, int server, int servers)
    : spec_(spec),
      cut_(config.server.partitions),
      first_partition_(cut_.First(server, servers)),
      end_partition_(cut_.First(server + 1, servers)),
      cold_(config, static_cast<double>(end_partition_ - first_partition_) / cut_.count()),
      arena_(PagesOf(config), cold_.on() ? &cold_ : nullptr),
      dense_(config, spec, server, servers),
      merge_(spec.row_format),
      admission_(config, first_partition_, end_partition_),
      files_(spec.tables, tables_, dense_, arena_, admission_, cut_, first_partition_,
             end_partition_),
      limits_(config, spec.tables, tables_, arena_, cold_, first_partition_, end_partition_),
      keeps_digests_(KeepsDigests(config.train)) {
  for (const TableSpec& table : spec.tables) {
    tables_.emplace_back(table, config, first_partition_, end_partition_, &arena_);
  }
}

void Shard::Load(const std::filesystem::path& dir, const Alive& alive) {
  const Manifest manifest = ReadManifest(dir);
  if (manifest.tables != spec_.tables || manifest.dense_rule != spec_.dense_rule ||
      manifest.dense_floats != static_cast<std::uint64_t>(spec_.dense_floats)) {
    Fail(ExitCode::kModel,
         "{}: the model's tables, layers or update rules are not those of the config; use the "
         "config.toml that "
         "lies in the model's folder",
         dir.string());
  }
  ReadRows(dir, manifest, alive, [&](std::size_t table, Key key, std::span<const float> state) {
    tables_[table].Restore(key, state);
  });
  dense_.Restore(ReadDense(dir, manifest, alive));
  if (admission_.on() && manifest.progress) RestoreAdmission(dir, manifest, alive);
  files_.Loaded(manifest);
  limits_.KeepToBudget([&](int partition) {
    RowsMoved(partition);
    alive();
  });
}

// Of the model's partitions, which may be others than this shard's: several of its files may hold
// rows of one partition here, and one of them rows of several shards.
void Shard::ReadRows(const std::filesystem::path& dir, const Manifest& manifest, const Alive& alive,
                     const RowVisitor& row) {
  const PartitionRange own{first_partition_, end_partition_};
  const PartitionRange files = manifest.partitions.Covering(own, cut_);
  const auto take = [&](std::size_t table, Key key, std::span<const float> state) {
    if (own.Holds(cut_.Of(key))) row(table, key, state);
  };
  for (int p = files.first; p < files.end; ++p) {
    ReadPartition(dir, manifest, p, take, alive);
    if (cold_.on()) limits_.KeepColdWithin();
  }
}

void Shard::RestoreAdmission(const std::filesystem::path& dir, const Manifest& manifest,
                             const Alive& alive) {
  if (manifest.partitions != cut_) {
    Fail(ExitCode::kModel,
         "{}: the checkpoint counts keys in {} partitions, the config says server.partitions = {}; "
         "set it as it was",
         dir.string(), manifest.partitions.count(), cut_.count());
  }
  for (int p = first_partition_; p < end_partition_; ++p) {
    if (!admission_.Restore(p, ReadAdmissionFile(dir, manifest, p, alive).bytes())) {
      Fail(ExitCode::kModel,
           "{}: the admission filter of partition {} has another size; set "
           "server.admission_filter as it was",
           dir.string(), p);
    }
  }
}

void Shard::TakeShareOfRate(double share) {
  if (share == rate_share_) return;
  rate_share_ = share;
  for (SparseTable& table : tables_) table.TakeShareOfRate(share);
  dense_.TakeShareOfRate(share);
}

void Shard::Update(const StepPlan& plan, std::span<WorkerGradients> workers) {
  TakeShareOfRate(plan.rate_share);
  std::vector<Part> parts;
  for (WorkerGradients& worker : workers) {
    if (worker.pull.row_generation != row_generation_) FindAll(&worker.pull);
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
    const std::span<const float> sums = part.node->dense;
    if (sums.empty()) continue;
    dense.push_back({part.node->node.first_slice, sums.first(dense_floats())});
    if (spec_.example_weights) dense.back().weight = sums.back();
  }
  dense_.Update(plan.step,
                spec_.example_weights ? WeightOf(dense) : static_cast<float>(plan.examples), dense);
  if (keeps_digests_) {
    digest_.AddDense(dense_.first(), dense_.values());
    digests_.push_back(digest_.Take());
  }
  const auto moved = [this](int partition) { RowsMoved(partition); };
  limits_.EvictUnused(plan.step, moved);
  limits_.KeepToBudget(moved);
}

std::span<const float> Shard::StateOf(std::size_t table, Key key) const {
  const int partition = cut_.Of(key);
  if (partition < first_partition_ || partition >= end_partition_) return {};
  float* row = nullptr;
  tables_[table].Find({&key, 1}, &row);
  if (row == nullptr) return {};
  return {row, static_cast<std::size_t>(spec_.tables[table].state_floats())};
}

void Shard::RowsMoved(int partition) {
  files_.Rewritten(partition);
  ++row_generation_;
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
    if (!MayUpdate({&row.wide, 1}) || !MayUpdate(row.deep)) FailTooLarge(spec, step, row);
    if (row.row == nullptr) {
      rows.CountRefused();
      continue;
    }
    rows.Update(step, row.row, row.wide, row.deep);
    if (keeps_digests_)
      digest_.AddRow(table, row.key, {row.row, static_cast<std::size_t>(spec.state_floats())});
  }
}

}  // namespace fathom
