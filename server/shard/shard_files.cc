#include "server/shard/shard_files.h"

#include <algorithm>
#include <utility>

#include "common/model/admission_file.h"
#include "common/model/partition_file.h"

namespace fathom {
namespace {

// More files of changes than this are not kept beside a whole one.
constexpr std::size_t kMaxChanges = 16;

// Whether the changes become too many for a file of their own.
// The share is that of the partition among all.
bool WholeIsDue(int partition, Partitions cut, const std::vector<ModelFileEntry>& files,
                std::uint64_t changed) {
  const std::uint64_t whole = files.front().bytes;
  for (std::size_t i = 1; i < files.size(); ++i) changed += files[i].bytes;
  return files.size() > kMaxChanges ||
         changed > whole / 2 + whole / 2 * static_cast<std::uint64_t>(partition) /
                                   static_cast<std::uint64_t>(cut.count());
}

}  // namespace

ShardFiles::ShardFiles(const std::vector<TableSpec>& specs, std::deque<SparseTable>& tables,
                       const DenseTable& dense, SlabArena& arena, const AdmissionFilter& admission,
                       Partitions cut, int first_partition, int end_partition)
    : specs_(specs),
      tables_(tables),
      dense_(dense),
      arena_(arena),
      admission_(admission),
      cut_(cut),
      first_partition_(first_partition),
      end_partition_(end_partition) {}

void ShardFiles::Loaded(const Manifest& manifest) {
  chains_.clear();
  saved_.reset();
  if (manifest.partitions != cut_) return;  // the next checkpoint cannot build upon its files
  for (int p = first_partition_; p < end_partition_; ++p) {
    Chain chain{.files = {}, .rows = RowsOf(p)};
    for (const ModelFileEntry* file : FilesOfPartition(manifest, p)) chain.files.push_back(*file);
    chains_.push_back(std::move(chain));
  }
  saved_ = manifest.step;
}

void ShardFiles::Rewritten(int partition) {
  if (!chains_.empty())
    chains_[static_cast<std::size_t>(partition - first_partition_)].files.clear();
}

SavedMessage ShardFiles::SaveModel(const ModelOutput& out, const Alive& alive) {
  SavedMessage saved;
  for (int p = first_partition_; p < end_partition_; ++p) {
    saved.files.push_back(Write(out, PartitionFile(p), p, SparseTable::Which::kAll, alive));
    saved.bytes_written += saved.files.back().bytes;
    alive();
  }
  dense_.Save(out);
  saved.tables = Statistics();
  return saved;
}

SavedMessage ShardFiles::SaveCheckpoint(const ModelOutput& out, std::uint64_t step,
                                        std::optional<std::uint64_t> base_step,
                                        const Alive& alive) {
  // Without marks nobody knows what has changed since.
  const bool builds_on_base =
      base_step && base_step == saved_ &&
      std::all_of(tables_.begin(), tables_.end(),
                  [](const SparseTable& table) { return table.keeps_marks(); });
  SavedMessage saved;
  std::vector<Chain> chains;
  for (int p = first_partition_; p < end_partition_; ++p) {
    const Chain* const base =
        builds_on_base ? &chains_[static_cast<std::size_t>(p - first_partition_)] : nullptr;
    const bool rewritten = base != nullptr && base->files.empty();
    chains.push_back(
        SavePartition(out, p, step, rewritten ? nullptr : base, alive, &saved.bytes_written));
    saved.files.insert(saved.files.end(), chains.back().files.begin(), chains.back().files.end());
    alive();
  }
  if (admission_.on()) SaveAdmission(out, alive, &saved);
  dense_.Save(out);
  saved.tables = Statistics();
  chains_ = std::move(chains);
  saved_ = step;
  arena_.ClearMarks();
  return saved;
}

ShardFiles::Chain ShardFiles::SavePartition(const ModelOutput& out, int partition,
                                            std::uint64_t step, const Chain* base,
                                            const Alive& alive,
                                            std::uint64_t* bytes_written) const {
  Chain chain{.files = {}, .rows = RowsOf(partition)};
  const std::uint64_t changed = base == nullptr ? 0 : ChangedBytes(partition);
  bool whole = base == nullptr || WholeIsDue(partition, cut_, base->files, changed);
  for (std::size_t i = 0; !whole && i < base->files.size(); ++i)
    whole = !out.TakeOver(base->files[i].name);
  if (whole) {
    for (std::size_t i = 0; base != nullptr && i < base->files.size(); ++i)
      out.Remove(base->files[i].name);  // of those that were to be had
    chain.files = {
        Write(out, PartitionFile(partition), partition, SparseTable::Which::kAll, alive)};
    *bytes_written += chain.files.back().bytes;
    return chain;
  }
  chain.files = base->files;
  if (changed == 0) return chain;
  ModelFileEntry entry =
      Write(out, PartitionFile(partition, step), partition, SparseTable::Which::kChanged, alive);
  for (std::size_t t = 0; t < chain.rows.size(); ++t)
    entry.added.push_back(chain.rows[t] - base->rows[t]);
  *bytes_written += entry.bytes;
  chain.files.push_back(std::move(entry));
  return chain;
}

void ShardFiles::SaveAdmission(const ModelOutput& out, const Alive& alive,
                               SavedMessage* saved) const {
  for (int p = first_partition_; p < end_partition_; ++p) {
    saved->files.push_back(WriteAdmissionFile(out, p, admission_.Counters(p)));
    saved->bytes_written += saved->files.back().bytes;
    alive();
  }
}

ModelFileEntry ShardFiles::Write(const ModelOutput& out, const std::string& name, int partition,
                                 SparseTable::Which which, const Alive& alive) const {
  PartitionWriter writer(out, name, cut_, partition, specs_);
  for (std::size_t t = 0; t < specs_.size(); ++t) {
    const auto floats = static_cast<std::size_t>(specs_[t].state_floats());
    const auto rows = tables_[t].SortedRows(partition, which, alive);
    writer.BeginTable(t, rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i % kRowsBetweenSigns == 0) alive();
      tables_[t].PrefetchAhead(rows, i);
      writer.AddRow(RowStore::KeyOf(rows[i]), {rows[i], floats});
    }
  }
  if (arena_.cold() != nullptr) arena_.cold()->KeepWithin();
  return writer.Finish();
}

std::uint64_t ShardFiles::ChangedBytes(int partition) const {
  std::uint64_t bytes = 0;
  for (std::size_t t = 0; t < specs_.size(); ++t)
    bytes += tables_[t].ChangedRows(partition) * static_cast<std::uint64_t>(specs_[t].row_bytes());
  return bytes;
}

std::vector<std::uint64_t> ShardFiles::RowsOf(int partition) const {
  std::vector<std::uint64_t> rows;
  for (const SparseTable& table : tables_) rows.push_back(table.RowsOf(partition));
  return rows;
}

std::vector<TableStatistics> ShardFiles::Statistics() const {
  std::vector<TableStatistics> statistics;
  for (const SparseTable& table : tables_) statistics.push_back(table.Statistics());
  // The counters are those of all tables.
  if (!statistics.empty()) {
    statistics.front().allocated_bytes += admission_.allocated_bytes();
    if (arena_.cold() != nullptr) statistics.front().cold_bytes = arena_.cold()->file_bytes();
  }
  return statistics;
}

}  // namespace fathom
