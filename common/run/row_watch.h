// Rows whose life a run writes down (train.watch), and the file that each role writes it into:
// <output.dir>/logs/watch.server-0.jsonl, one JSON object a line (docs/debugging.md).
#pragma once

#include <cstdint>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/key.h"
#include "common/model/model_spec.h"
#include "common/run/run_context.h"

namespace fathom {

// The numbers of a row by name, as its table's rules call them: "weight", "z", "n", "embedding",
// "embedding_accumulator". `state`: row_state.h. `weight`: of a table that is wide.
struct NamedNumbers {
  std::string name;
  std::vector<float> numbers;
  bool is_list = false;  // one an element of the embedding, else one in all
};
std::vector<NamedNumbers> NumbersOfRow(const TableSpec& table, float weight,
                                       std::span<const float> state);

// Thread rule: one thread's own.
class WatchFile {
 public:
  // Of one role, which writes its rows' lines itself. No file where no row is watched. A run that
  // goes on adds to the file. Throws Error(kTraining): it cannot be written.
  WatchFile(const RunContext& context, RoleId role);

  bool on() const { return !context_.watched->empty(); }
  std::span<const WatchedRow> rows() const { return *context_.watched; }

  // A line: when, what, of or after which step (counted from 1), who, which row, then `counts` and
  // `numbers`. A number that is not finite is null.
  using Counts = std::vector<std::pair<const char*, std::uint64_t>>;
  void Write(const WatchedRow& row, std::string_view event, std::uint64_t step,
             const Counts& counts, const std::vector<NamedNumbers>& numbers);
  void Flush();

 private:
  const RunContext& context_;
  RoleId role_;
  std::string file_;
  std::ofstream out_;
};

}  // namespace fathom
