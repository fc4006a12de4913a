#include "common/model/feature_name.h"

#include <fmt/format.h>

#include <array>

#include "common/whole_number.h"

namespace fathom {
namespace {

constexpr std::size_t kKeyDigits = 16;

void AddEscaped(std::string_view plain, std::string* text) {
  for (const char c : plain) {
    switch (c) {
      case '\\':
        *text += "\\\\";
        break;
      case '\t':
        *text += "\\t";
        break;
      case '\n':
        *text += "\\n";
        break;
      case '\r':
        *text += "\\r";
        break;
      default:
        *text += c;
    }
  }
}

}  // namespace

void AddNameLine(std::string_view field, Key key, const FeatureName& name, std::string* text) {
  AddEscaped(field, text);
  *text += fmt::format("\t{:016x}\t{}\t", key, name.others ? '+' : '-');
  AddEscaped(name.text, text);
  *text += '\n';
}

std::optional<NameLine> ParseNameLine(std::string_view line) {
  std::array<std::string_view, 3> first;
  for (std::string_view& part : first) {
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) return std::nullopt;
    part = line.substr(0, tab);
    line.remove_prefix(tab + 1);
  }
  NameLine name{.field = first[0], .others = first[2] == "+", .text = line};
  const auto key = WholeNumber<Key>(first[1], 16);
  const bool good = key && first[1].size() == kKeyDigits && (first[2] == "+" || first[2] == "-") &&
                    line.find('\t') == std::string_view::npos;
  if (!good) return std::nullopt;
  name.key = *key;
  return name;
}

std::string EscapedName(std::string_view plain) {
  std::string text;
  AddEscaped(plain, &text);
  return text;
}

std::string UnescapedName(std::string_view written) {
  std::string plain;
  for (std::size_t at = 0; at < written.size(); ++at) {
    if (written[at] != '\\' || at + 1 == written.size()) {
      plain += written[at];
      continue;
    }
    const char c = written[++at];
    plain += c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c;
  }
  return plain;
}

}  // namespace fathom
