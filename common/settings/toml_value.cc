#include "common/settings/toml_value.h"

#include <cstdint>
#include <sstream>
#include <utility>
#include <vector>

#include "common/error.h"

namespace fathom {
namespace {

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

}  // namespace

std::string Where(const std::string& origin, const toml::node& node) {
  return fmt::format("{}:{}", origin, node.source().begin.line);
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

toml::table ParseOverrideValue(const std::string& text, const SettingValue& target) {
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

std::string OverrideText(const toml::node& node) {
  if (const auto string = node.value_exact<std::string>()) return *string;
  if (const auto number = node.value_exact<double>()) {  // TOML++ writes 0.10000000000000001
    const std::string shortest = fmt::format("{}", *number);
    return shortest.find_first_of(".ein") == std::string::npos ? shortest + ".0" : shortest;
  }
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

void Assign(const Setting& setting, const toml::node& node, const std::string& where) {
  const auto read = [&](const auto& place) {
    if constexpr (std::is_same_v<decltype(place), const KindPlace&>) {
      std::string word;
      if (!Read(node, &word)) return false;
      SetKind(setting, word, where);
      return true;
    } else if constexpr (std::is_same_v<decltype(place), const RuleSettingPlace&>) {
      double number = 0;
      bool flag = false;
      const bool is_flag = place.setting->type == RuleSettingType::kFlag;
      const bool fits = is_flag ? Read(node, &flag) : Read(node, &number);
      if (fits) place.optimizer->Set(place.setting->name, flag ? 1 : number);
      return fits;
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

}  // namespace fathom
