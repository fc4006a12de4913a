// names.tsv of a model: which text each key stands for. One line a key, sorted by field (in the
// model's order) and key:
//
//   field \t key as 16 hexadecimal digits \t "+" where further texts have the key, else "-" \t text
//
// The first line names these four. In field and text a backslash, tab, line feed and carriage
// return are written \\, \t, \n and \r; all other bytes are as the data had them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/key.h"

namespace fathom {

inline constexpr const char* kNamesFile = "names.tsv";
inline constexpr std::string_view kNamesHeader = "field\tkey\tothers\ttext\n";

// What a key that stands for no text of its own is called.
inline constexpr std::string_view kMissingName = "(missing)";
inline constexpr std::string_view kRareName = "(rare)";

struct FeatureName {
  std::string text;     // the smallest in byte order, where several have the key
  bool others = false;  // whether others have it too, as with hash_buckets
  friend bool operator==(const FeatureName&, const FeatureName&) = default;
};

// Adds a line.
void AddNameLine(std::string_view field, Key key, const FeatureName& name, std::string* text);

// A line without its end, field and text as they are written. Nothing: it is none.
struct NameLine {
  std::string_view field;
  Key key = 0;
  bool others = false;
  std::string_view text;
};
std::optional<NameLine> ParseNameLine(std::string_view line);

// How a field or text is written, and the field or text that is written so.
std::string EscapedName(std::string_view plain);
std::string UnescapedName(std::string_view written);

}  // namespace fathom
