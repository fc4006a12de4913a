#include "common/settings/config_dump.h"

#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "common/settings/settings.h"

namespace fathom {
namespace {

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

std::string DumpConfig(const Config& config) {
  Config copy = config;
  std::string out;
  Dump(SettingsOf(copy), &out);
  DumpList(copy.joins, "join", &out);
  DumpList(copy.columns, "column", &out);
  DumpList(copy.crosses, "cross", &out);
  return out;
}

std::string ConfigFileText(const Config& config) { return kDumpMark + DumpConfig(config); }

}  // namespace fathom
