#include "common/settings/override.h"

#include <string_view>
#include <vector>

#include "common/error.h"
#include "common/settings/column_blocks.h"
#include "common/settings/find_setting.h"
#include "common/settings/toml_value.h"

namespace fathom {
namespace {

constexpr std::string_view kColumn = "column.";

void AssignText(const std::vector<Setting>& settings, std::string_view key,
                const std::string& value, const std::string& where, const std::string& section) {
  const Setting& setting = FindSetting(settings, key, where, section);
  Assign(setting, *ParseOverrideValue(value, setting.value).get("v"), where);
}

// A column's name may have dots in it.
void OverrideColumn(const Override& override, const std::string& where, Config* config) {
  const std::string& key = override.key;
  const std::size_t dot = key.rfind('.');
  const std::string name =
      dot <= kColumn.size() ? "" : key.substr(kColumn.size(), dot - kColumn.size());
  for (ColumnConfig& column : config->columns) {
    if (column.name == name)
      return AssignText(SettingsOf(column), key.substr(dot + 1), override.value, where,
                        "[[column]]");
  }
  Fail(ExitCode::kUsage, "{}: there is no [[column]] named \"{}\"", where, name);
}

}  // namespace

Override ParseOverride(const std::string& text, const std::string& where) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    Fail(ExitCode::kUsage, "{}: an override is key=value, as train.epochs=2", where);
  }
  return {.key = text.substr(0, equals), .value = text.substr(equals + 1)};
}

void ApplyOverride(const Override& override, const std::string& where, Config* config,
                   GivenKeys* given) {
  if (override.key.starts_with(kColumnDefaults)) {
    Fail(ExitCode::kUsage,
         "{}: [{}] stands in a config file only: name a column, as column.NAME.dim=8", where,
         kColumnDefaults);
  }
  if (override.key.starts_with(kColumn)) {
    OverrideColumn(override, where, config);
  } else {
    AssignText(SettingsOf(*config), override.key, override.value, where, "");
  }
  given->insert(override.key);
}

}  // namespace fathom
