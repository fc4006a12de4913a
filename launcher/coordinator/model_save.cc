#include "launcher/coordinator/model_save.h"

#include <algorithm>
#include <utility>

#include "common/check.h"
#include "common/model/dense_file.h"
#include "common/model/feature_name.h"
#include "common/model/model_text.h"

namespace fathom {
namespace {

void AddStaleness(const StalenessHistogram& more, StalenessHistogram* sum) {
  if (sum->size() < more.size()) sum->resize(more.size());
  for (std::size_t i = 0; i < more.size(); ++i) (*sum)[i] += more[i];
}

}  // namespace

ModelSave::ModelSave(const RunContext& context, std::filesystem::path dir, std::uint64_t step,
                     const std::filesystem::path& base)
    : dir_(std::move(dir)),
      received_(dir_, base),
      manifest_{.step = step,
                .seed = static_cast<std::uint64_t>(context.config.seed),
                .tables = context.spec.tables,
                .dense_floats = static_cast<std::uint64_t>(context.spec.dense_floats),
                .dense_rule = context.spec.dense_rule,
                .partitions = Partitions(context.config.server.partitions),
                .files = {}},
      answered_(static_cast<std::size_t>(context.layout.servers), false),
      servers_left_(context.layout.servers) {}

void ModelSave::Begin() {
  CreateDense(dir_, manifest_.dense_floats, TraitsOf(manifest_.dense_rule).states());
}

bool ModelSave::Awaits(int server) const {
  return server >= 0 && static_cast<std::size_t>(server) < answered_.size() &&
         !answered_[static_cast<std::size_t>(server)];
}

void ModelSave::Add(int server, SavedMessage saved) {
  FATHOM_CHECK(Awaits(server));
  answered_[static_cast<std::size_t>(server)] = true;
  --servers_left_;
  for (ModelFileEntry& file : saved.files) manifest_.files.push_back(std::move(file));
  for (const TableStatistics& table : saved.tables) {
    tables_.rows += table.rows;
    tables_.zero_wide_weights += table.zero_wide_weights;
    tables_.row_bytes += table.row_bytes;
    tables_.allocated_bytes += table.allocated_bytes;
    tables_.evicted_rows += table.evicted_rows;
    tables_.refused_updates += table.refused_updates;
    tables_.cold_bytes += table.cold_bytes;
    tables_.rows_asked += table.rows_asked;
    tables_.rows_read += table.rows_read;
  }
  AddStaleness(saved.staleness, &staleness_);
  held_seconds_ = std::max(held_seconds_, saved.held_seconds);
  bytes_written_ += saved.bytes_written;
  if (failure_.empty()) failure_ = saved.failure;
}

void ModelSave::Finish(const ModelTexts& texts, const History& history) {
  manifest_.files.push_back(
      FinishDense(dir_, manifest_.dense_floats, TraitsOf(manifest_.dense_rule).states()));
  manifest_.files.push_back(WriteTextFile(dir_, kConfigFile, texts.config_toml));
  manifest_.files.push_back(WriteTextFile(dir_, kTransformsFile, texts.transforms_json));
  for (std::size_t j = 0; j < texts.side_tables.size(); ++j)
    manifest_.files.push_back(WriteTextFile(dir_, SideTableName(j), texts.side_tables[j]));
  if (!texts.names.empty() && !history.progress)
    manifest_.files.push_back(CopyTextFile(dir_, kNamesFile, texts.names));
  // A partition's files stay in the order in which they build upon each other.
  std::stable_sort(manifest_.files.begin(), manifest_.files.end(),
                   [](const ModelFileEntry& a, const ModelFileEntry& b) {
                     return a.name.substr(0, a.name.find('.')) < b.name.substr(0, b.name.find('.'));
                   });
  manifest_.origin = texts.origin;
  manifest_.progress = history.progress;
  manifest_.best = history.best;
  WriteManifest(dir_, manifest_);
}

}  // namespace fathom
