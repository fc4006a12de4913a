// [[column]] of a config file. A block may stand for many columns, by names = ["C1..C26", "hour"];
// [column_defaults] is what columns have that do not say otherwise.
//
// A range is two names with one prefix: its columns are those of every number between. Zeros in
// front are kept: "f01..f12".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/settings/given_keys.h"
#include "common/settings/toml_value.h"

namespace fathom {

// Keys of a config file's table, beside the settings.
inline constexpr std::string_view kColumnDefaults = "column_defaults";

// A block as it is written: the settings of its columns, and their names where it has several.
struct ColumnBlock {
  ColumnConfig column;
  std::vector<std::string> names;
};

// The settings of a column, and names.
std::vector<Setting> SettingsOf(ColumnBlock& block);

// Appends the columns of all blocks. A key of [column_defaults] goes to the columns that look at it
// and do not say it themselves; only keys that a block gives count as given for its columns. Throws
// Error(kUsage) that begins with file and line.
void AssignColumns(const toml::table& root, const std::string& origin,
                   std::vector<ColumnConfig>* columns, GivenKeys* given);

}  // namespace fathom
