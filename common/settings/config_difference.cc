#include "common/settings/config_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "common/config/cross_name.h"
#include "common/settings/settings.h"

namespace fathom {
namespace {

constexpr std::size_t kDescribed = 6;

// An update rule has settings of its own: where two configs have other rules, only that is said.
void Compare(const std::vector<Setting>& first, const std::vector<Setting>& second,
             const std::string& prefix, std::vector<SettingDifference>* differences) {
  for (const Setting& setting : first) {
    const auto found = std::find_if(second.begin(), second.end(),
                                    [&](const Setting& other) { return other.key == setting.key; });
    const bool of_rule = std::holds_alternative<RuleSettingPlace>(setting.value);
    if (found == second.end() || (of_rule && !(setting.dumped && found->dumped))) continue;
    const std::string a = TomlText(setting.value), b = TomlText(found->value);
    if (a != b) differences->push_back({prefix + std::string(setting.key), a, b});
  }
}

template <typename T, typename NameOfItem>
std::string Names(const std::vector<T>& items, NameOfItem name) {
  std::string text;
  for (const T& item : items) text += (text.empty() ? "" : ", ") + name(item);
  return "[" + text + "]";
}

template <typename T, typename NameOfItem>
void CompareLists(std::vector<T>* first, std::vector<T>* second, const std::string& kind,
                  NameOfItem name, std::vector<SettingDifference>* differences) {
  const std::string a = Names(*first, name), b = Names(*second, name);
  if (a != b) {
    differences->push_back({"[[" + kind + "]]", a, b});
    return;
  }
  for (std::size_t i = 0; i < first->size(); ++i) {
    Compare(SettingsOf((*first)[i]), SettingsOf((*second)[i]), kind + "." + name((*first)[i]) + ".",
            differences);
  }
}

}  // namespace

std::vector<SettingDifference> DifferencesOf(const Config& first, const Config& second) {
  Config a = first, b = second;
  std::vector<SettingDifference> differences;
  Compare(SettingsOf(a), SettingsOf(b), "", &differences);
  CompareLists(
      &a.joins, &b.joins, "join", [](const JoinConfig& join) { return join.file; }, &differences);
  CompareLists(
      &a.columns, &b.columns, "column", [](const ColumnConfig& column) { return column.name; },
      &differences);
  CompareLists(&a.crosses, &b.crosses, "cross", CrossName, &differences);
  return differences;
}

std::string DescribeDifferences(const std::vector<SettingDifference>& differences,
                                const std::string& second) {
  std::string text;
  const std::size_t described = std::min(differences.size(), kDescribed);
  for (std::size_t i = 0; i < described; ++i) {
    const SettingDifference& one = differences[i];
    text += fmt::format("{}{} = {} ({}: {})", i == 0 ? "" : ", ", one.key, one.first, second,
                        one.second);
  }
  if (described < differences.size())
    text += fmt::format(", and {} more", differences.size() - described);
  return text;
}

}  // namespace fathom
