#include "server/service/shard_watch.h"

#include <algorithm>

#include "common/model/row_state.h"

namespace fathom {

ShardWatch::ShardWatch(const RunContext& context, int server, const Shard& shard)
    : context_(context),
      shard_(shard),
      weight_(context.config.wide),
      file_(context, context.layout.server(server)),
      states_(file_.rows().size()) {}

void ShardWatch::Loaded(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto state = shard_.StateOf(file_.rows()[i].table, file_.rows()[i].key);
    states_[i].assign(state.begin(), state.end());
    if (!state.empty()) Write(i, "loaded", step);
  }
  file_.Flush();
}

void ShardWatch::Updated(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto state = shard_.StateOf(file_.rows()[i].table, file_.rows()[i].key);
    std::vector<float>& before = states_[i];
    if (std::equal(state.begin(), state.end(), before.begin(), before.end())) continue;
    const char* const event = before.empty() ? "created" : state.empty() ? "evicted" : "updated";
    before.assign(state.begin(), state.end());
    Write(i, event, step);
  }
}

void ShardWatch::Saved(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!states_[i].empty()) Write(i, "saved", step);
  }
  file_.Flush();
}

void ShardWatch::Write(std::size_t i, const char* event, std::uint64_t step) {
  const WatchedRow& row = file_.rows()[i];
  const std::vector<float>& state = states_[i];
  const TableSpec& table = context_.spec.tables[row.table];
  if (state.empty()) return file_.Write(row, event, step, {}, {});
  const float weight = table.wide ? weight_.Of(state.data()) : 0;
  WatchFile::Counts counts;
  if (table.last_step) counts.emplace_back("last_step", LastStepOf(table, state.data()));
  file_.Write(row, event, step, counts, NumbersOfRow(table, weight, state));
}

}  // namespace fathom
