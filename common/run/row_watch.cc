#include "common/run/row_watch.h"

#include <fmt/chrono.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "common/error.h"
#include "common/model/row_state.h"

namespace fathom {
namespace {

using Json = nlohmann::ordered_json;

std::string TimeNow() {
  const auto now = std::chrono::system_clock::now();
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch());
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(now), us.count() % 1000000);
}

void AddState(const RuleTraits& rule, std::string_view prefix, std::span<const float> state,
              std::size_t count, bool is_list, std::vector<NamedNumbers>* numbers) {
  for (int s = 0; s < rule.states(); ++s) {
    const auto own = state.subspan(static_cast<std::size_t>(s) * count, count);
    numbers->push_back(
        {fmt::format("{}{}", prefix, rule.state[s]), {own.begin(), own.end()}, is_list});
  }
}

}  // namespace

std::vector<NamedNumbers> NumbersOfRow(const TableSpec& table, float weight,
                                       std::span<const float> state) {
  std::vector<NamedNumbers> numbers;
  if (table.wide) {
    const RuleTraits& rule = TraitsOf(table.wide_rule);
    numbers.push_back({"weight", {weight}});
    if (rule.weight != "weight") numbers.push_back({std::string(rule.weight), {state.front()}});
    AddState(rule, "", state.subspan(1), 1, false, &numbers);
  }
  if (table.dim > 0) {
    NamedNumbers embedding{"embedding", std::vector<float>(static_cast<std::size_t>(table.dim)),
                           true};
    ReadEmbedding(table, state.data(), embedding.numbers.data());
    numbers.push_back(std::move(embedding));
    AddState(TraitsOf(table.deep_rule), "embedding_", state.subspan(DeepStateAt(table)),
             table.row_wise ? 1 : static_cast<std::size_t>(table.dim), !table.row_wise, &numbers);
  }
  return numbers;
}

WatchFile::WatchFile(const RunContext& context, RoleId role) : context_(context), role_(role) {
  if (!on()) return;
  const Role& own = context.layout.roles.at(role);
  const auto folder = std::filesystem::path(context.config.output.dir) / "logs";
  file_ = (folder / fmt::format("watch.{}-{}.jsonl", KindName(own.kind), own.index)).string();
  const bool goes_on = context.start == StartFrom::kResume;
  out_.open(file_, goes_on ? std::ios::app : std::ios::trunc);
  if (!out_) Fail(ExitCode::kTraining, "{}: cannot be written: check output.dir", file_);
}

void WatchFile::Write(const WatchedRow& row, std::string_view event, std::uint64_t step,
                      const Counts& counts, const std::vector<NamedNumbers>& numbers) {
  Json line = {{"time", TimeNow()},
               {"event", event},
               {"step", step},
               {"role", RoleAndPlace(context_.layout, role_)},
               {"row", row.name}};
  if (row.dense_count == 0) line["key"] = fmt::format("{:016x}", row.key);
  for (const auto& [name, count] : counts) line[name] = count;
  for (const NamedNumbers& of : numbers) {
    if (of.numbers.size() == 1 && !of.is_list) {
      line[of.name] = of.numbers.front();
    } else {
      line[of.name] = of.numbers;
    }
  }
  out_ << line.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

void WatchFile::Flush() {
  if (!on()) return;
  out_.flush();
  if (!out_) Fail(ExitCode::kTraining, "{}: writing failed: is the disk full?", file_);
}

}  // namespace fathom
