#include "server/service/shard_watch.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "common/model/row_state.h"

namespace fathom {

ShardWatch::ShardWatch(const RunContext& context, int server, const Shard& shard)
    : context_(context),
      shard_(shard),
      weight_(context.config.wide),
      file_(context, context.layout.server(server)),
      states_(file_.rows().size()) {}

// What this server has of it: a row's state, or its part of the block.
std::span<const float> ShardWatch::Now(const WatchedRow& row) const {
  if (row.dense_count == 0) return shard_.StateOf(row.table, row.key);
  const std::size_t begin = std::max<std::size_t>(row.dense_first, shard_.dense_first());
  const std::size_t end = std::min<std::size_t>(
      row.dense_first + row.dense_count, shard_.dense_first() + shard_.dense_values().size());
  if (begin >= end) return {};
  return shard_.dense_values().subspan(begin - shard_.dense_first(), end - begin);
}

void ShardWatch::Loaded(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto now = Now(file_.rows()[i]);
    states_[i].assign(now.begin(), now.end());
    if (!now.empty()) Write(i, "loaded", step, states_[i]);
  }
  file_.Flush();
}

void ShardWatch::Updated(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    const auto now = Now(file_.rows()[i]);
    std::vector<float>& last = states_[i];
    if (std::equal(now.begin(), now.end(), last.begin(), last.end())) continue;
    const char* const event = last.empty() ? "created" : now.empty() ? "evicted" : "updated";
    const std::vector<float> before = std::exchange(last, {now.begin(), now.end()});
    Write(i, event, step, before);
  }
}

void ShardWatch::Saved(std::uint64_t step) {
  for (std::size_t i = 0; i < states_.size(); ++i) {
    if (!states_[i].empty()) Write(i, "saved", step, states_[i]);
  }
  file_.Flush();
}

void ShardWatch::Write(std::size_t i, const char* event, std::uint64_t step,
                       const std::vector<float>& before) {
  const WatchedRow& row = file_.rows()[i];
  const std::vector<float>& state = states_[i];
  if (row.dense_count > 0) return WriteBlock(row, event, step, before, state);
  if (state.empty()) return file_.Write(row, event, step, {}, {});
  const TableSpec& table = context_.spec.tables[row.table];
  const float weight = table.wide ? weight_.Of(state.data()) : 0;
  WatchFile::Counts counts;
  if (table.last_step) counts.emplace_back("last_step", LastStepOf(table, state.data()));
  file_.Write(row, event, step, counts, NumbersOfRow(table, weight, state));
}

// Of this server's part of a block: how many parameters, their norm, and that of their change.
void ShardWatch::WriteBlock(const WatchedRow& block, const char* event, std::uint64_t step,
                            const std::vector<float>& before, const std::vector<float>& now) {
  double square = 0, change = 0;
  for (std::size_t p = 0; p < now.size(); ++p) {
    square += double{now[p]} * now[p];
    change += (double{now[p]} - before[p]) * (double{now[p]} - before[p]);
  }
  file_.Write(block, event, step, {{"parameters", now.size()}},
              {{"norm", {static_cast<float>(std::sqrt(square))}},
               {"change", {static_cast<float>(std::sqrt(change))}}});
}

}  // namespace fathom
