#include "common/settings/column_blocks.h"

#include <algorithm>
#include <optional>
#include <set>

#include "common/config/data_check.h"
#include "common/error.h"
#include "common/settings/find_setting.h"
#include "common/settings/setting_entry.h"

namespace fathom {
namespace {

constexpr std::string_view kDots = "..";
constexpr std::size_t kMaxDigits = 9;
constexpr std::int64_t kMaxRange = 100000;  // columns

// A name as a range has it: what stands before its last digits, and these.
struct NumberedName {
  std::string_view prefix;
  std::string_view digits;

  explicit NumberedName(std::string_view name) {
    std::size_t begin = name.size();
    while (begin > 0 && name[begin - 1] >= '0' && name[begin - 1] <= '9') --begin;
    prefix = name.substr(0, begin);
    digits = name.substr(begin);
  }

  std::int64_t number() const { return std::stoll(std::string(digits)); }
  bool padded() const { return digits.size() > 1 && digits.front() == '0'; }
};

// What is wrong with a range; null: nothing.
const char* FaultOf(const NumberedName& first, const NumberedName& last) {
  if (first.digits.empty() || last.digits.empty()) return "both its ends need a number";
  if (first.prefix != last.prefix) return "its ends differ in what stands before the number";
  if (first.digits.size() > kMaxDigits || last.digits.size() > kMaxDigits)
    return "its numbers have more than nine digits";
  if ((first.padded() || last.padded()) && first.digits.size() != last.digits.size())
    return "with zeros in front both numbers need as many digits";
  if (first.number() > last.number()) return "its second number is the smaller one";
  if (last.number() - first.number() >= kMaxRange) return "it has more than 100000 columns";
  return nullptr;
}

// The names that one entry of `names` stands for.
std::vector<std::string> NamesIn(const std::string& entry, const std::string& where) {
  const std::size_t dots = entry.find(kDots);
  if (dots == std::string::npos) return {entry};
  const std::string_view text = entry;
  const NumberedName first(text.substr(0, dots));
  const NumberedName last(text.substr(dots + kDots.size()));
  if (const char* fault = FaultOf(first, last)) {
    Fail(ExitCode::kUsage,
         "{}: names: \"{}\" is no range: {}; write it as \"C1..C26\" (a column that is really "
         "called so has a block of its own, with name)",
         where, entry, fault);
  }
  std::vector<std::string> names;
  for (std::int64_t number = first.number(); number <= last.number(); ++number)
    names.push_back(fmt::format("{}{:0{}}", first.prefix, number,
                                first.padded() ? first.digits.size() : std::size_t{1}));
  return names;
}

void AssignAll(const toml::table& table, const std::vector<Setting>& settings,
               const std::string& section, const std::string& origin) {
  for (const auto& [key, value] : table) {
    const std::string where = Where(origin, value);
    Assign(FindSetting(settings, key.str(), where, section), value, where);
  }
}

// [column_defaults]; null: there is none.
const toml::table* DefaultsOf(const toml::table& root, const std::string& origin) {
  const toml::node* const node = root.get(kColumnDefaults);
  if (node == nullptr) return nullptr;
  const toml::table* const table = node->as_table();
  if (table == nullptr) {
    Fail(ExitCode::kUsage, "{}: {} must be a table: write [{}]", Where(origin, *node),
         kColumnDefaults, kColumnDefaults);
  }
  for (const char* own : {"name", "names", "source"}) {
    const toml::node* const given = table->get(own);
    if (given == nullptr) continue;
    Fail(ExitCode::kUsage, "{}: {} goes with one [[column]], not with [{}]", Where(origin, *given),
         own, kColumnDefaults);
  }
  ColumnConfig checked;
  AssignAll(*table, SettingsOf(checked), fmt::format("[{}]", kColumnDefaults), origin);
  return table;
}

// Gives a block's column what it does not say itself, of what it looks at: its kind and use decide
// whether a transform goes with it, and these whether the rest does. What it takes is added to
// `used`.
void AssignDefaults(const toml::table& defaults, const toml::table& block, ColumnConfig* column,
                    std::set<std::string>* used, const std::string& origin) {
  const auto rank = [](std::string_view key) {
    return key == "kind" || key == "use" ? 0 : key == "transform" ? 1 : 2;
  };
  for (int pass = 0; pass <= 2; ++pass) {
    for (const auto& [key, value] : defaults) {
      if (rank(key.str()) != pass || block.contains(key)) continue;
      ColumnConfig with = *column;
      const std::string where = Where(origin, value);
      Assign(FindSetting(SettingsOf(with), key.str(), where, ""), value, where);
      if (!LooksAt(with, key.str())) continue;
      *column = std::move(with);
      used->insert(std::string(key.str()));
    }
  }
}

void RefuseUnused(const toml::table& defaults, const std::set<std::string>& used,
                  std::size_t blocks, const std::string& origin) {
  for (const auto& [key, value] : defaults) {
    const std::string name(key.str());
    if (blocks == 0 || used.count(name) > 0) continue;
    Fail(ExitCode::kUsage,
         "{}: [{}]: no column takes {}: each says it itself, or its kind or transform has no use "
         "for it; remove it",
         Where(origin, value), kColumnDefaults, name);
  }
}

// The names of a block that says `names`.
std::vector<std::string> NamesOfBlock(const toml::table& table, const ColumnBlock& block,
                                      const std::string& origin) {
  const std::string where = Where(origin, *table.get("names"));
  for (const char* single : {"name", "source"}) {
    if (const toml::node* const given = table.get(single)) {
      Fail(ExitCode::kUsage,
           "{}: {} goes with one column, and this block has names: give the column a block of its "
           "own",
           Where(origin, *given), single);
    }
  }
  std::vector<std::string> names;
  for (const std::string& entry : block.names) {
    for (std::string& name : NamesIn(entry, where)) names.push_back(std::move(name));
  }
  if (names.empty()) Fail(ExitCode::kUsage, "{}: names is empty: name a column", where);
  std::vector<std::string> sorted = names;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end())
    Fail(ExitCode::kUsage, "{}: names has the column \"{}\" twice", where, *twice);
  return names;
}

}  // namespace

std::vector<Setting> SettingsOf(ColumnBlock& block) {
  std::vector<Setting> settings = SettingsOf(block.column);
  settings.insert(settings.begin() + 1,
                  Plain("names", &block.names,
                        "In place of name: several columns that have all else in common, by name "
                        "or as a range such as \"C1..C26\""));
  return settings;
}

void AssignColumns(const toml::table& root, const std::string& origin,
                   std::vector<ColumnConfig>* columns, GivenKeys* given) {
  const toml::table* const defaults = DefaultsOf(root, origin);
  std::set<std::string> used;
  const toml::node* const node = root.get("column");
  if (node == nullptr) return;
  const toml::array* const blocks = node->as_array();
  if (blocks == nullptr || !blocks->is_homogeneous(toml::node_type::table)) {
    Fail(ExitCode::kUsage, "{}: column must be a list of tables: write [[column]]",
         Where(origin, *node));
  }
  for (const toml::node& element : *blocks) {
    const toml::table& table = *element.as_table();
    ColumnBlock block;
    AssignAll(table, SettingsOf(block), "[[column]]", origin);
    if (defaults != nullptr) AssignDefaults(*defaults, table, &block.column, &used, origin);
    std::vector<std::string> names = {block.column.name};
    if (table.contains("names")) names = NamesOfBlock(table, block, origin);
    for (const std::string& name : names) {
      const bool twice =
          !name.empty() && std::any_of(columns->begin(), columns->end(),
                                       [&](const ColumnConfig& c) { return c.name == name; });
      if (twice) {
        Fail(ExitCode::kUsage, "{}: a column named \"{}\" is there already, of a [[column]] before",
             Where(origin, element), name);
      }
      block.column.name = name;
      for (const auto& [key, value] : table)
        given->insert(fmt::format("{}.{}", PathOf(block.column), key.str()));
      columns->push_back(block.column);
    }
  }
  if (defaults != nullptr) RefuseUnused(*defaults, used, blocks->size(), origin);
}

}  // namespace fathom
