#include <fmt/format.h>

#include "common/settings/column_blocks.h"
#include "common/settings/settings.h"

namespace fathom {
namespace {

struct Section {
  const char* title;
  std::vector<Setting> settings;
};

// All settings at their defaults. The objects must outlive the table.
struct Defaults {
  Config config;
  ColumnBlock column;
  CrossConfig cross;
  JoinConfig join;
  SweepConfig sweep;

  std::vector<Section> Sections() {
    return {{"Top level and tables", SettingsOf(config)},
            {"[[column]]; [column_defaults] has the same keys but for name, names and source, and "
             "is for "
             "all columns that do not say otherwise",
             SettingsOf(column)},
            {"[[cross]]", SettingsOf(cross)},
            {"[[join]]", SettingsOf(join)},
            {"[sweep]; every other key in it is a setting with a list of values, as "
             "\"model.embedding_dim\" = [4, 8], or ranks = [1, 3]",
             SettingsOf(sweep)}};
  }
};

}  // namespace

std::string SettingsHelp() {
  Defaults defaults;
  std::string out =
      "A config is TOML. Any key can be overridden on the command line: train.epochs=2, "
      "column.NAME.dim=8.\n";
  for (const Section& section : defaults.Sections()) {
    out += fmt::format("\n{}\n", section.title);
    for (const Setting& setting : section.settings) {
      const std::string range = RangeText(setting);
      out += fmt::format("  {:<26} {} = {}{}\n      {}\n", setting.key, TypeName(setting.value),
                         TomlText(setting.value), range.empty() ? "" : "  (" + range + ")",
                         setting.help);
    }
  }
  return out;
}

std::string SettingsMarkdown() {
  Defaults defaults;
  std::string out =
      "# Config reference\n\n"
      "Made by `fathom settings --markdown` from the table of settings that the parser uses; a "
      "test compares the two.\n\n"
      "A config is TOML, and strict: an unknown key is an error that names file, line and the "
      "nearest known key. On the\n"
      "command line `key=value` overrides any key by its dotted path: `train.epochs=2`, "
      "`data.train='[\"a.csv\"]'`. A column is\n"
      "reached by its name: `column.book.dim=8`. A value is read as TOML, or else as a bare "
      "string.\n";
  for (const Section& section : defaults.Sections()) {
    out += fmt::format(
        "\n## {}\n\n| key | type | default | range or choices | meaning |\n|---|---|---|---|---|\n",
        section.title);
    for (const Setting& setting : section.settings) {
      std::string help(setting.help);
      for (std::size_t at = 0; (at = help.find('|', at)) != std::string::npos; at += 2)
        help.insert(at, "\\");
      std::string text = TomlText(setting.value);
      for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2)
        text.insert(at, "\\");
      out += fmt::format("| `{}` | {} | `{}` | {} | {} |\n", setting.key, TypeName(setting.value),
                         text, RangeText(setting), help);
    }
  }
  return out;
}

}  // namespace fathom
