#include "common/settings/config_difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "common/settings/settings.h"

namespace fathom {
namespace {

constexpr std::size_t kDescribed = 6;

// Which settings there are may depend on others: an update rule has its own.
void Compare(const std::vector<Setting>& first, const std::vector<Setting>& second,
             const std::string& prefix, std::vector<SettingDifference>* differences) {
  const auto text_in = [](const std::vector<Setting>& settings, std::string_view key) {
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const Setting& setting) { return setting.key == key; });
    const bool there = found != settings.end() &&
                       (found->dumped || !std::holds_alternative<RuleSettingPlace>(found->value));
    return there ? TomlText(found->value) : "not set";
  };
  const auto compare = [&](std::string_view key) {
    const std::string a = text_in(first, key), b = text_in(second, key);
    if (a != b) differences->push_back({prefix + std::string(key), a, b});
  };
  std::set<std::string_view> compared;
  for (const auto* settings : {&first, &second}) {
    for (const Setting& setting : *settings) {
      if (setting.dumped && compared.insert(setting.key).second) compare(setting.key);
    }
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

std::string NameOfCross(const CrossConfig& cross) {
  std::string name;
  for (const std::string& column : cross.columns) name += (name.empty() ? "" : " x ") + column;
  return name;
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
  CompareLists(&a.crosses, &b.crosses, "cross", NameOfCross, &differences);
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
