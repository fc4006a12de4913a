#include "common/config/config_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <sstream>
#include <string_view>

#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

#include "common/config/config_check.h"
#include "common/config/settings.h"
#include "common/error.h"

namespace fathom {
namespace {

// Edits that turn one word into the other (Levenshtein).
std::size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t keep = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({keep, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string Nearest(std::string_view key, const std::vector<Setting>& settings) {
  std::string_view best;
  std::size_t best_distance = key.size() + 1;
  for (const Setting& setting : settings) {
    const std::size_t distance = EditDistance(key, setting.key);
    if (distance < best_distance) {
      best_distance = distance;
      best = setting.key;
    }
  }
  return std::string(best);
}

std::string Where(const std::string& origin, const toml::node& node) {
  return fmt::format("{}:{}", origin, node.source().begin.line);
}

[[noreturn]] void WrongType(const Setting& setting, const std::string& where) {
  Fail(ExitCode::kUsage, "{}: {} must be of type {}, as {} = {}", where, setting.key,
       TypeName(setting.value), setting.key, TomlText(setting.value));
}

bool Read(const toml::node& node, bool* value) {
  const auto read = node.value_exact<bool>();
  if (read) *value = *read;
  return read.has_value();
}
bool Read(const toml::node& node, std::int64_t* value) {
  const auto read = node.value_exact<std::int64_t>();
  if (read) *value = *read;
  return read.has_value();
}
bool Read(const toml::node& node, double* value) {
  if (!node.is_number()) return false;
  *value = *node.value<double>();
  return true;
}
bool Read(const toml::node& node, std::string* value) {
  const auto read = node.value_exact<std::string>();
  if (read) *value = *read;
  return read.has_value();
}
template <typename T>
bool Read(const toml::node& node, std::vector<T>* values) {
  const toml::array* array = node.as_array();
  if (array == nullptr) return false;
  std::vector<T> read(array->size());
  for (std::size_t i = 0; i < read.size(); ++i) {
    if (!Read((*array)[i], &read[i])) return false;
  }
  *values = std::move(read);
  return true;
}

void Assign(const Setting& setting, const toml::node& node, const std::string& where) {
  const auto read = [&](const auto& place) {
    if constexpr (std::is_same_v<decltype(place), const KindPlace&>) {
      std::string word;
      if (!Read(node, &word)) return false;
      SetKind(setting, word, where);
      return true;
    } else if constexpr (std::is_same_v<decltype(place), const RuleSettingPlace&>) {
      const RuleSetting& of_rule = *place.setting;
      double number = 0;
      bool flag = false;
      const bool read =
          of_rule.type == RuleSettingType::kFlag ? Read(node, &flag) : Read(node, &number);
      if (read) place.optimizer->Set(of_rule.name, flag ? 1 : number);
      return read;
    } else if constexpr (std::is_same_v<decltype(place), ByteSize* const&>) {
      std::string text;
      if (!Read(node, &text)) return false;
      const auto size = ByteSize::Parse(text);
      if (!size) {
        Fail(ExitCode::kUsage, "{}: {} = \"{}\" is not {}", where, setting.key, text,
             kByteSizeForm);
      }
      *place = *size;
      return true;
    } else {
      return Read(node, place);
    }
  };
  if (!std::visit(read, setting.value)) WrongType(setting, where);
  CheckRange(setting, where);
}

const Setting& Find(const std::vector<Setting>& settings, std::string_view key,
                    const std::string& where, const std::string& section) {
  for (const Setting& setting : settings) {
    if (setting.key == key) return setting;
  }
  const std::string in = section.empty() ? "" : " in " + section;
  Fail(ExitCode::kUsage,
       "{}: unknown key \"{}\"{}; the nearest known key is \"{}\" (all of them: fathom settings)",
       where, key, in, Nearest(key, settings));
}

// Assigns every leaf below `table`, whose own path is `path`.
void AssignTable(const toml::table& table, const std::string& path,
                 const std::vector<Setting>& settings, const std::string& origin) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string dotted = path.empty() ? name : path + "." + name;
    const bool apart =
        path.empty() && (name == "column" || name == "cross" || name == "join" || name == "sweep");
    if (apart) continue;
    if (node.is_table()) {
      AssignTable(*node.as_table(), dotted, settings, origin);
    } else {
      Assign(Find(settings, dotted, Where(origin, node), ""), node, Where(origin, node));
    }
  }
}

template <typename T>
void AssignList(const toml::table& root, const char* name, std::vector<T>* items,
                const std::string& origin) {
  const toml::node* node = root.get(name);
  if (node == nullptr) return;
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
    Fail(ExitCode::kUsage, "{}: {} must be a list of tables: write [[{}]]", Where(origin, *node),
         name, name);
  }
  for (const toml::node& element : *array) {
    T item;
    const auto settings = SettingsOf(item);
    const std::string section = fmt::format("[[{}]]", name);
    for (const auto& [key, value] : *element.as_table()) {
      const std::string where = Where(origin, value);
      Assign(Find(settings, key.str(), where, section), value, where);
    }
    items->push_back(std::move(item));
  }
}

toml::table ParseToml(const std::string& text, const std::string& origin) {
  try {
    return toml::parse(text, origin);
  } catch (const toml::parse_error& error) {
    const auto place = error.source().begin;
    Fail(ExitCode::kUsage, "{}:{}: not TOML at column {}: {}", origin, place.line, place.column,
         error.description());
  }
}

// The value of an override: TOML, or where it is none, the bare text as a string.
toml::table ParseOverride(const std::string& text, const SettingValue& target) {
  const bool is_text =
      TypeName(target) == TypeName(SettingValue(static_cast<std::string*>(nullptr)));
  if (!is_text || (!text.empty() && text.front() == '"')) {
    try {
      return toml::parse("v = " + text);
    } catch (const toml::parse_error&) {
    }
  }
  toml::table table;
  table.insert("v", text);
  return table;
}

void AssignOverride(const std::vector<Setting>& settings, const std::string& key,
                    const std::string& value, const std::string& where,
                    const std::string& section) {
  const Setting& setting = Find(settings, key, where, section);
  const toml::table table = ParseOverride(value, setting.value);
  Assign(setting, *table.get("v"), where);
}

void ApplyOverride(Config* config, const std::string& text, const std::string& where);

// As an override says it: a string bare, all else as TOML.
std::string OverrideOf(const toml::node& node) {
  if (const auto string = node.value_exact<std::string>()) return *string;
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

// The values of one axis, each tried on a copy of the config.
SweepConfig::Axis ReadAxis(const Config& config, const std::string& key, const toml::node& node,
                           const std::string& where) {
  const toml::array* const values = node.as_array();
  if (values == nullptr || values->empty())
    Fail(ExitCode::kUsage, "{}: sweep: {} needs a list of values, as [1, 2]", where, key);
  SweepConfig::Axis axis{.key = key, .values = {}};
  for (const toml::node& value : *values) {
    axis.values.push_back(OverrideOf(value));
    if (key == "ranks") {
      if (value.value_exact<std::int64_t>().value_or(0) < 1)
        Fail(ExitCode::kUsage, "{}: sweep: ranks = {} is no number of processes", where,
             axis.values.back());
      continue;
    }
    Config copy = config;
    ApplyOverride(&copy, key + "=" + axis.values.back(), where);
  }
  return axis;
}

// sweep.repeats=3; or an axis, as sweep.model.embedding_dim=[4, 8], which takes the place of that
// of the file.
void OverrideSweep(Config* config, const std::string& key, const std::string& value,
                   const std::string& where) {
  for (const Setting& setting : SettingsOf(config->sweep)) {
    if (setting.key == key)
      return Assign(setting, *ParseOverride(value, setting.value).get("v"), where);
  }
  std::vector<std::string> list;  // so that the value is read as TOML
  SweepConfig::Axis axis = ReadAxis(*config, key, *ParseOverride(value, &list).get("v"), where);
  auto& axes = config->sweep.axes;
  const auto same = std::find_if(axes.begin(), axes.end(),
                                 [&](const SweepConfig::Axis& a) { return a.key == key; });
  if (same == axes.end()) {
    axes.push_back(std::move(axis));
  } else {
    *same = std::move(axis);
  }
}

void ApplyOverride(Config* config, const std::string& text, const std::string& where) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    Fail(ExitCode::kUsage, "{}: an override is key=value, as train.epochs=2", where);
  }
  const std::string key = text.substr(0, equals);
  const std::string value = text.substr(equals + 1);
  constexpr std::string_view kSweep = "sweep.";
  if (key.rfind(kSweep, 0) == 0)
    return OverrideSweep(config, key.substr(kSweep.size()), value, where);
  constexpr std::string_view kColumn = "column.";
  if (key.rfind(kColumn, 0) != 0) return AssignOverride(SettingsOf(*config), key, value, where, "");
  const std::size_t dot = key.rfind('.');
  const std::string name =
      dot <= kColumn.size() ? "" : key.substr(kColumn.size(), dot - kColumn.size());
  for (ColumnConfig& column : config->columns) {
    if (column.name == name)
      return AssignOverride(SettingsOf(column), key.substr(dot + 1), value, where, "[[column]]");
  }
  Fail(ExitCode::kUsage, "{}: there is no [[column]] named \"{}\"", where, name);
}

using PlacedAxes = std::vector<std::pair<toml::source_position, SweepConfig::Axis>>;

// Keys with dots may stand in quotes, or as TOML's tables within tables.
void ReadAxes(const toml::table& table, const std::string& path, Config* config,
              const std::string& origin, PlacedAxes* axes) {
  const auto settings = SettingsOf(config->sweep);
  for (const auto& [key, value] : table) {
    const std::string name = path + std::string(key.str());
    const std::string where = Where(origin, value);
    const auto own = std::find_if(settings.begin(), settings.end(),
                                  [&](const Setting& setting) { return setting.key == name; });
    if (own != settings.end()) {
      Assign(*own, value, where);
    } else if (value.is_table()) {
      ReadAxes(*value.as_table(), name + ".", config, origin, axes);
    } else {
      axes->emplace_back(value.source().begin, ReadAxis(*config, name, value, where));
    }
  }
}

// The other settings must be there already.
void AssignSweep(const toml::table& root, Config* config, const std::string& origin) {
  const toml::node* const node = root.get("sweep");
  if (node == nullptr) return;
  if (!node->is_table())
    Fail(ExitCode::kUsage, "{}: sweep must be a table: write [sweep]", Where(origin, *node));
  PlacedAxes axes;
  ReadAxes(*node->as_table(), "", config, origin, &axes);
  std::sort(axes.begin(), axes.end(), [](const auto& a, const auto& b) {
    return std::pair(a.first.line, a.first.column) < std::pair(b.first.line, b.first.column);
  });
  for (auto& [place, axis] : axes) config->sweep.axes.push_back(std::move(axis));
}

void Dump(const std::vector<Setting>& settings, std::string* out) {
  std::string table;
  for (const Setting& setting : settings) {
    if (!setting.dumped) continue;
    std::string_view key = setting.key;
    const std::size_t dot = key.find('.');
    const std::string in(dot == std::string_view::npos ? "" : key.substr(0, dot));
    if (in != table) {
      *out += fmt::format("\n[{}]\n", in);
      table = in;
    }
    if (dot != std::string_view::npos) key.remove_prefix(dot + 1);
    *out += fmt::format("{} = {}\n", key, TomlText(setting.value));
  }
}

template <typename T>
void DumpList(std::vector<T> items, const char* name, std::string* out) {
  for (T& item : items) {
    *out += fmt::format("\n[[{}]]\n", name);
    Dump(SettingsOf(item), out);
  }
}

}  // namespace

Config ParseConfig(const std::string& text, const std::string& origin,
                   const std::filesystem::path& base_dir,
                   const std::vector<std::string>& overrides) {
  Config config;
  const toml::table root = ParseToml(text, origin);
  AssignTable(root, "", SettingsOf(config), origin);
  AssignList(root, "join", &config.joins, origin);
  AssignList(root, "column", &config.columns, origin);
  AssignList(root, "cross", &config.crosses, origin);
  const std::string dir_in_file = config.data.dir;
  AssignSweep(root, &config, origin);
  for (const std::string& text : overrides)
    ApplyOverride(&config, text, fmt::format("command line, \"{}\"", text));
  // A path in the file starts from the file; one on the command line from where it is typed.
  const bool overridden = config.data.dir != dir_in_file;
  const std::filesystem::path dir = config.data.dir;
  config.data.dir =
      (overridden ? std::filesystem::absolute(dir) : std::filesystem::absolute(base_dir / dir))
          .lexically_normal()
          .string();
  CheckConfig(config, origin);
  return config;
}

Config LoadConfig(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    Fail(ExitCode::kUsage, "{}: the config cannot be read: does the file exist?", file.string());
  return ParseConfig(text.str(), file.string(), file.parent_path(), overrides);
}

std::string DumpConfig(const Config& config) {
  Config copy = config;
  std::string out;
  Dump(SettingsOf(copy), &out);
  DumpList(copy.joins, "join", &out);
  DumpList(copy.columns, "column", &out);
  DumpList(copy.crosses, "cross", &out);
  return out;
}

}  // namespace fathom
