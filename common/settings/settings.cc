#include "common/settings/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/error.h"

namespace fathom {
namespace {

std::string TomlString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04X}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string TomlNumber(double value) {
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".einf") == std::string::npos ? text + ".0" : text;
}

std::string Element(const std::string& value) { return TomlString(value); }
std::string Element(std::int64_t value) { return std::to_string(value); }
std::string Element(double value) { return TomlNumber(value); }
std::string Element(bool value) { return value ? "true" : "false"; }
std::string Element(const ByteSize& value) { return TomlString(value.text()); }

template <typename T>
std::string Element(const std::vector<T>& values) {
  std::string text = "[";
  for (std::size_t i = 0; i < values.size(); ++i) text += (i == 0 ? "" : ", ") + Element(values[i]);
  return text + "]";
}

}  // namespace

std::string_view TypeName(const SettingValue& value) {
  static constexpr std::string_view kNames[] = {
      "boolean",          "integer",         "number", "string", "list of strings",
      "list of integers", "list of numbers", "string", "string", "number"};
  if (const auto* of_rule = std::get_if<RuleSettingPlace>(&value))
    return of_rule->setting->type == RuleSettingType::kFlag ? kNames[0] : kNames[2];
  return kNames[value.index()];
}

std::string TomlText(const SettingValue& value) {
  return std::visit(
      [](const auto& place) -> std::string {
        if constexpr (std::is_same_v<decltype(place), const KindPlace&>) {
          return TomlString(std::string(place.names[place.get(place.place)]));
        } else if constexpr (std::is_same_v<decltype(place), const RuleSettingPlace&>) {
          const double number = place.optimizer->ValueOrDefault(place.setting->name);
          return place.setting->type == RuleSettingType::kFlag ? Element(number != 0)
                                                               : Element(number);
        } else {
          return Element(*place);
        }
      },
      value);
}

void CheckRange(const Setting& setting, const std::string& where) {
  if (setting.low < setting.high) {
    double value = 0;
    if (const auto* integer = std::get_if<std::int64_t*>(&setting.value))
      value = static_cast<double>(**integer);
    if (const auto* number = std::get_if<double*>(&setting.value)) value = **number;
    if (const auto* of_rule = std::get_if<RuleSettingPlace>(&setting.value))
      value = of_rule->optimizer->ValueOrDefault(setting.key.substr(setting.key.rfind('.') + 1));
    const bool inside =
        value <= setting.high && (setting.above_low ? value > setting.low : value >= setting.low);
    if (!inside)
      Fail(ExitCode::kUsage, "{}: {} = {} is out of range: {}", where, setting.key,
           TomlText(setting.value), RangeText(setting));
  }
}

void SetKind(const Setting& setting, const std::string& word, const std::string& where) {
  const auto& choices = setting.choices;
  if (std::find(choices.begin(), choices.end(), word) == choices.end()) {
    Fail(ExitCode::kUsage, "{}: {} = \"{}\" is not one of: {}", where, setting.key, word,
         RangeText(setting));
  }
  const auto& kind = std::get<KindPlace>(setting.value);
  const auto name = std::find(kind.names.begin(), kind.names.end(), word);
  kind.set(kind.place, static_cast<std::size_t>(name - kind.names.begin()));
}

std::string RangeText(const Setting& setting) {
  if (setting.low < setting.high) {
    return fmt::format("{}{} to {}", setting.above_low ? "above " : "", setting.low, setting.high);
  }
  std::string text;
  for (const std::string_view choice : setting.choices)
    text += (text.empty() ? "" : ", ") + std::string(choice);
  return text;
}

}  // namespace fathom
