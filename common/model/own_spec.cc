#include "common/model/own_spec.h"

#include <string>

#include "common/error.h"

namespace fathom {
namespace {

std::string DescribeAll(const std::vector<TableSpec>& tables) {
  std::string text;
  for (const TableSpec& table : tables) text += (text.empty() ? "" : ", ") + Describe(table);
  return text.empty() ? "none" : text;
}

}  // namespace

ModelSpec MakeOwnSpec(const std::filesystem::path& dir, const Manifest& manifest,
                      const Config& config) {
  ModelSpec spec = MakeModelSpec(config);
  // Rows keep the step of their last update where a limit of the training asked for it.
  if (!manifest.tables.empty()) {
    for (TableSpec& table : spec.tables) table.last_step = manifest.tables.front().last_step;
  }
  if (manifest.tables == spec.tables && manifest.dense_rule == spec.dense_rule &&
      manifest.dense_floats == static_cast<std::uint64_t>(spec.dense_floats))
    return spec;
  Fail(ExitCode::kModel,
       "{}: its manifest names the tables {} and {} dense parameters by {}, its config.toml makes "
       "{} and {} by {}: one of the two files is another model's: fetch the folder again from "
       "where it was trained",
       dir.string(), DescribeAll(manifest.tables), manifest.dense_floats,
       NameOf(manifest.dense_rule), DescribeAll(spec.tables), spec.dense_floats,
       NameOf(spec.dense_rule));
}

}  // namespace fathom
