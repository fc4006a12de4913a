#include "common/settings/sweep_axes.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "common/error.h"

namespace fathom {
namespace {

constexpr std::string_view kSweep = "sweep.";
constexpr std::string_view kRanks = "ranks";

SweepConfig::AxisKind KindOfAxis(const std::string& key) {
  if (key == kRanks) return SweepConfig::AxisKind::kRanks;
  Config config;
  const auto settings = SettingsOf(config);
  const bool of_layout = std::any_of(settings.begin(), settings.end(), [&](const Setting& setting) {
    return setting.key == key && setting.of_layout;
  });
  return of_layout ? SweepConfig::AxisKind::kLayout : SweepConfig::AxisKind::kOther;
}

SweepConfig::Axis ReadAxis(const Config& config, const std::string& key, const toml::node& node,
                           const std::string& where) {
  const toml::array* const values = node.as_array();
  if (values == nullptr || values->empty())
    Fail(ExitCode::kUsage, "{}: sweep: {} needs a list of values, as [1, 2]", where, key);
  SweepConfig::Axis axis{.kind = KindOfAxis(key), .key = key, .values = {}};
  for (const toml::node& value : *values) {
    axis.values.push_back(OverrideText(value));
    if (axis.kind == SweepConfig::AxisKind::kRanks) {
      if (value.value_exact<std::int64_t>().value_or(0) < 1)
        Fail(ExitCode::kUsage, "{}: sweep: ranks = {} is no number of processes", where,
             axis.values.back());
      continue;
    }
    Config copy = config;
    GivenKeys none;
    ApplyOverride({.key = key, .value = axis.values.back()}, where, &copy, &none);
  }
  return axis;
}

using PlacedAxes = std::vector<std::pair<toml::source_position, SweepConfig::Axis>>;

// Keys with dots may stand in quotes, or as TOML's tables within tables.
void ReadAxes(const toml::table& table, const std::string& path, const std::string& origin,
              Config* config, PlacedAxes* axes) {
  const auto settings = SettingsOf(config->sweep);
  for (const auto& [key, value] : table) {
    const std::string name = path + std::string(key.str());
    const std::string where = Where(origin, value);
    const auto own = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.key == name; });
    if (own != settings.end()) {
      Assign(*own, value, where);
    } else if (value.is_table()) {
      ReadAxes(*value.as_table(), name + ".", origin, config, axes);
    } else {
      axes->emplace_back(value.source().begin, ReadAxis(*config, name, value, where));
    }
  }
}

}  // namespace

void AssignSweep(const toml::table& root, const std::string& origin, Config* config) {
  const toml::node* const node = root.get("sweep");
  if (node == nullptr) return;
  if (!node->is_table())
    Fail(ExitCode::kUsage, "{}: sweep must be a table: write [sweep]", Where(origin, *node));
  PlacedAxes axes;
  ReadAxes(*node->as_table(), "", origin, config, &axes);
  std::sort(axes.begin(), axes.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
  });
  for (auto& [place, axis] : axes) config->sweep.axes.push_back(std::move(axis));
}

bool IsOfSweep(const Override& override) { return override.key.starts_with(kSweep); }

void OverrideSweep(const Override& override, const std::string& where, Config* config) {
  const std::string key = override.key.substr(kSweep.size());
  for (const Setting& setting : SettingsOf(config->sweep)) {
    if (setting.key == key)
      return Assign(setting, *ParseOverrideValue(override.value, setting.value).get("v"), where);
  }
  std::vector<std::string> list;  // so that the value is read as TOML
  SweepConfig::Axis axis =
      ReadAxis(*config, key, *ParseOverrideValue(override.value, &list).get("v"), where);
  auto& axes = config->sweep.axes;
  const auto same = std::find_if(axes.begin(), axes.end(),
                                 [&](const SweepConfig::Axis& a) { return a.key == key; });
  if (same == axes.end()) {
    axes.push_back(std::move(axis));
  } else {
    *same = std::move(axis);
  }
}

}  // namespace fathom
