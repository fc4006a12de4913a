#include "launcher/commands/completion.h"

#include <fmt/format.h>

#include <CLI/Option.hpp>
#include <sstream>
#include <variant>
#include <vector>

#include "common/settings/settings.h"

namespace fathom {
namespace {

// What the script offers where there is no closed set. A flag takes no value.
constexpr const char* kFiles = "@files";
constexpr const char* kSettings = "@settings";
constexpr const char* kNothing = "@nothing";
constexpr const char* kFlag = "@flag";

// What bash runs at each press of the tabulator. It splits the line at blanks itself, because bash
// cuts the words at = too.
constexpr const char* kScript = R"script(
_fathom_offer() {  # what stays in front, the beginning, what may stand there
  case $3 in
    @nothing | @flag) ;;
    @files)
      compopt -o filenames
      mapfile -t COMPREPLY < <(compgen -P "$1" -f -- "$2")
      ;;
    *) mapfile -t COMPREPLY < <(compgen -P "$1" -W "$3" -- "$2") ;;
  esac
}

_fathom_offer_value() {  # name=beginning, what may stand there
  local front="${1%%=*}="
  [[ $COMP_WORDBREAKS != *=* ]] || front=
  _fathom_offer "$front" "${1#*=}" "$2"
}

_fathom_offer_setting() {  # key or its beginning, the config
  local keys=$_fathom_keys names name key
  if [[ $1 == column.* && -f $2 ]]; then
    mapfile -t names < <(sed -n 's/^[[:blank:]]*name[[:blank:]]*=[[:blank:]]*"\([^" ]*\)".*/\1/p' "$2")
    for name in "${names[@]}"; do
      for key in $_fathom_column_keys; do keys+=" column.$name.$key"; done
    done
  fi
  compopt -o nospace
  mapfile -t COMPREPLY < <(compgen -S = -W "$keys" -- "$1")
}

_fathom() {
  local words word earlier command='' option='' config='' place=0 commands=$_fathom_commands
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  [[ ${COMP_LINE:0:COMP_POINT} != *[[:blank:]] ]] || words+=('')
  word=${words[-1]}
  for earlier in "${words[@]:1:${#words[@]}-2}"; do
    if [[ $command == launch && $earlier == -- ]]; then
      command='' option='' place=0 commands=train
    elif [[ -n $option ]]; then
      option=
    elif [[ -z $command ]]; then
      [[ $earlier == -* ]] || command=$earlier
    elif [[ $earlier != -* ]]; then
      ((++place))
      [[ -n $config ]] || config=$earlier
    elif [[ $earlier != *=* && $(_fathom_takes "$command $earlier") != @flag ]]; then
      option=$earlier
    fi
  done

  local takes
  if [[ -z $command ]]; then
    _fathom_offer '' "$word" "$commands"
  elif [[ -n $option ]]; then
    _fathom_offer '' "$word" "$(_fathom_takes "$command $option")"
  elif [[ $word == -*=* ]]; then
    _fathom_offer_value "$word" "$(_fathom_takes "$command ${word%%=*}")"
  elif [[ $word == -* ]]; then
    _fathom_offer '' "$word" "$(_fathom_options "$command")"
  else
    takes=$(_fathom_takes "$command $((place + 1))")
    if [[ $takes != @settings ]]; then
      _fathom_offer '' "$word" "$takes"
    elif [[ $word == *=* ]]; then
      _fathom_offer_value "$word" "$(_fathom_setting "${word%%=*}")"
    else
      _fathom_offer_setting "$word" "$config"
    fi
  fi
}

complete -F _fathom fathom
)script";

// "{books->0,criteo->1}" in the name of an option's type: its closed set of words.
std::string WordsOf(const std::string& type) {
  const std::size_t begin = type.find('{'), end = type.find('}');
  if (begin == std::string::npos || end == std::string::npos) return "";
  std::istringstream entries(type.substr(begin + 1, end - begin - 1));
  std::string words;
  for (std::string entry; std::getline(entries, entry, ',');)
    words += (words.empty() ? "" : " ") + entry.substr(0, entry.find("->"));
  return words;
}

std::string ValueOf(const CLI::Option& option) {
  if (option.get_items_expected_max() == 0) return kFlag;
  const std::string type = option.get_type_name();
  if (const std::string words = WordsOf(type); !words.empty()) return words;
  return type.starts_with("TEXT") ? kFiles : kNothing;
}

std::string ValueOf(const Setting& setting) {
  if (std::holds_alternative<KindPlace>(setting.value))
    return fmt::format("{}", fmt::join(setting.choices, " "));
  if (std::holds_alternative<bool*>(setting.value)) return "true false";
  return std::holds_alternative<std::string*>(setting.value) ? kFiles : kNothing;
}

// What stands without a name after a command: a config, settings, or the command of `launch`.
std::string PlaceOf(const CLI::Option& option) {
  if (option.get_name(true) == "key=value") return kSettings;
  return option.get_name(true) == "command" ? "--" : ValueOf(option);
}

std::vector<const CLI::Option*> OptionsOf(const CLI::App& command, bool named) {
  return command.get_options(
      [named](const CLI::Option* option) { return option->nonpositional() == named; });
}

std::string OptionNames(const CLI::Option& option, const char* between) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return fmt::format("{}", fmt::join(names, between));
}

// A function of the script: of one argument, what stands for it.
std::string Function(const char* name, const std::string& cases) {
  return fmt::format("\n{}() {{\n  case $1 in\n{}  esac\n}}\n", name, cases);
}

std::string Case(const std::string& pattern, const std::string& words) {
  return fmt::format("    {}) echo '{}' ;;\n", pattern, words);
}

std::string Cases(const CLI::App& command) {
  std::string cases;
  for (const CLI::Option* option : OptionsOf(command, true)) {
    const std::string between = fmt::format("' | '{} ", command.get_name());
    cases += Case(fmt::format("'{} {}'", command.get_name(), OptionNames(*option, between.c_str())),
                  ValueOf(*option));
  }
  int place = 0;
  for (const CLI::Option* option : OptionsOf(command, false)) {
    const bool many = option->get_items_expected_max() > 1;
    cases += Case(
        fmt::format("'{} '{}", command.get_name(), many ? "[0-9]*" : fmt::format("{}", ++place)),
        PlaceOf(*option));
  }
  return cases;
}

std::string CommandTables(const CLI::App& app) {
  std::string commands, options, takes;
  for (const CLI::Option* option : OptionsOf(app, true))
    commands += " " + OptionNames(*option, " ");
  for (const CLI::App* command : app.get_subcommands({})) {
    commands += " " + command->get_name();
    std::string names;
    for (const CLI::Option* option : OptionsOf(*command, true))
      names += " " + OptionNames(*option, " ");
    options += Case(command->get_name(), names.substr(1));
    takes += Cases(*command);
  }
  return fmt::format("_fathom_commands='{}'\n", commands.substr(1)) +
         Function("_fathom_options", options) +
         Function("_fathom_takes", takes + Case("*", kNothing));
}

std::string SettingTables() {
  Config config;
  ColumnConfig column;
  std::string keys, column_keys, values;
  for (const Setting& setting : SettingsOf(config)) {
    keys += fmt::format(" {}", setting.key);
    values += Case(std::string(setting.key), ValueOf(setting));
  }
  for (const Setting& setting : SettingsOf(column)) {
    column_keys += fmt::format(" {}", setting.key);
    values += Case(fmt::format("column.*.{}", setting.key), ValueOf(setting));
  }
  return fmt::format("\n_fathom_keys='{}'\n_fathom_column_keys='{}'\n", keys.substr(1),
                     column_keys.substr(1)) +
         Function("_fathom_setting", values + Case("*", kNothing));
}

}  // namespace

std::string BashCompletion(const CLI::App& app) {
  return "# bash completion of fathom " FATHOM_VERSION
         ", made by `fathom completion` from its command line and its table of settings.\n\n" +
         CommandTables(app) + SettingTables() + kScript;
}

}  // namespace fathom
