// The one table of settings (settings_table.cc): every key that a config may hold, with its place
// in Config, range, choices and meaning. It feeds the parser, the dump, `fathom settings` and
// docs/config.md.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/config/config.h"

namespace fathom {

// Where a kind (kinds.h) stands, whatever its type.
struct KindPlace {
  void* place;
  std::span<const std::string_view> names;  // by value
  std::size_t (*get)(const void* place);
  void (*set)(void* place, std::size_t value);
};

// Where a setting of update rules stands.
struct RuleSettingPlace {
  OptimizerConfig* optimizer;
  const RuleSetting* setting;
};

using SettingValue = std::variant<bool*, std::int64_t*, double*, std::string*,
                                  std::vector<std::string>*, std::vector<std::int64_t>*,
                                  std::vector<double>*, ByteSize*, KindPlace, RuleSettingPlace>;

struct Setting {
  std::string_view key;  // dotted path; inside [[column]] and its like the bare name
  SettingValue value;    // where it stands
  std::string_view help;
  double low = 0, high = 0;               // numbers, inclusive; checked if low < high
  bool above_low = false;                 // the lower bound itself is not allowed
  std::vector<std::string_view> choices;  // of a kind: the names that may stand here
  bool dumped = true;                     // false: a config says the same without it
  bool of_layout = false;                 // of how a run is spread out, not of its model or data
};

std::vector<Setting> SettingsOf(Config& config);
std::vector<Setting> SettingsOf(ColumnConfig& column);
std::vector<Setting> SettingsOf(CrossConfig& cross);
std::vector<Setting> SettingsOf(JoinConfig& join);
std::vector<Setting> SettingsOf(SweepConfig& sweep);  // but for the axes

// "integer", "list of strings" and so on
std::string_view TypeName(const SettingValue& value);

// A value as TOML writes it.
std::string TomlText(const SettingValue& value);

// "0 to 10", "above 0 to 1", or the choices; empty: any value.
std::string RangeText(const Setting& setting);

// Throws Error(kUsage) that begins with `where` if the number is out of range.
void CheckRange(const Setting& setting, const std::string& where);

// Sets a kind. Throws Error(kUsage) that begins with `where` if the word is none of the choices.
void SetKind(const Setting& setting, const std::string& word, const std::string& where);

std::string SettingsHelp();      // for the terminal
std::string SettingsMarkdown();  // docs/config.md

}  // namespace fathom
