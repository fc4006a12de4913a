#include "common/settings/config_file.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <sstream>
#include <string_view>

#include "common/config/config_check.h"
#include "common/error.h"
#include "common/settings/column_blocks.h"
#include "common/settings/config_dump.h"
#include "common/settings/find_setting.h"
#include "common/settings/override.h"
#include "common/settings/sweep_axes.h"
#include "common/settings/toml_value.h"
#include "common/utf8.h"

namespace fathom {
namespace {

// Read by AssignColumns, AssignList and AssignSweep.
constexpr std::array<std::string_view, 5> kApart = {"column", kColumnDefaults, "cross", "join",
                                                    "sweep"};

// Assigns every leaf below `table`, whose own path is `path`.
void AssignTable(const toml::table& table, const std::string& path,
                 const std::vector<Setting>& settings, const std::string& origin,
                 GivenKeys* given) {
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    const std::string dotted = path.empty() ? name : path + "." + name;
    const bool apart =
        path.empty() && std::find(kApart.begin(), kApart.end(), name) != kApart.end();
    if (apart) continue;
    if (node.is_table()) {
      AssignTable(*node.as_table(), dotted, settings, origin, given);
    } else {
      const std::string where = Where(origin, node);
      Assign(FindSetting(settings, dotted, where, ""), node, where);
      given->insert(dotted);
    }
  }
}

template <typename T>
void AssignList(const toml::table& root, const char* name, const std::string& origin,
                std::vector<T>* items, GivenKeys* given) {
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
      Assign(FindSetting(settings, key.str(), where, section), value, where);
    }
    for (const auto& [key, value] : *element.as_table())
      given->insert(fmt::format("{}.{}", PathOf(item), key.str()));
    items->push_back(std::move(item));
  }
}

void ApplyOverrides(const std::vector<std::string>& overrides, Config* config, GivenKeys* given) {
  for (const std::string& text : overrides) {
    const std::string where = fmt::format("command line, \"{}\"", text);
    const Override override = ParseOverride(text, where);
    if (IsOfSweep(override)) {
      OverrideSweep(override, where, config);
    } else {
      ApplyOverride(override, where, config, given);
    }
  }
}

// The config becomes a TOML file of the model's folder, which must be read again.
void CheckUtf8(const Config& config, const std::string& origin) {
  std::istringstream lines(DumpConfig(config));
  for (std::string line; std::getline(lines, line);) {
    if (IsUtf8(line)) continue;
    Fail(ExitCode::kUsage,
         "{}: {} is not UTF-8, so the config could not be read again from the model: give the "
         "folder or file another name",
         origin, line.substr(0, line.find(" = ")));
  }
}

}  // namespace

Config ParseConfig(const std::string& text, const std::string& origin,
                   const std::filesystem::path& base_dir, const std::vector<std::string>& overrides,
                   GivenKeys* given) {
  Config config;
  GivenKeys keys;
  const toml::table root = ParseToml(text, origin);
  AssignTable(root, "", SettingsOf(config), origin, &keys);
  AssignList(root, "join", origin, &config.joins, &keys);
  AssignColumns(root, origin, &config.columns, &keys);
  AssignList(root, "cross", origin, &config.crosses, &keys);
  if (text.starts_with(kDumpMark)) keys.clear();
  const std::string dir_in_file = config.data.dir;
  AssignSweep(root, origin, &config);
  ApplyOverrides(overrides, &config, &keys);
  // A path in the file starts from the file; one on the command line from where it is typed.
  const bool overridden = config.data.dir != dir_in_file;
  const std::filesystem::path dir = config.data.dir;
  config.data.dir =
      (overridden ? std::filesystem::absolute(dir) : std::filesystem::absolute(base_dir / dir))
          .lexically_normal()
          .string();
  CheckUtf8(config, origin);
  CheckConfig(config, origin);
  if (given != nullptr) *given = std::move(keys);
  return config;
}

Config LoadConfig(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                  GivenKeys* given) {
  if (std::filesystem::is_directory(file))
    Fail(ExitCode::kUsage, "{}: a folder, not a config: name the TOML file in it", file.string());
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    Fail(ExitCode::kUsage, "{}: the config cannot be read: does the file exist?", file.string());
  return ParseConfig(text.str(), file.string(), file.parent_path(), overrides, given);
}

}  // namespace fathom
