// What libsvm and libffm have in common: a label, then tokens of indices and a value.
#pragma once

#include <string>
#include <string_view>

namespace fathom {

struct IndexPair {
  std::string_view token;  // "3:17:0.5"
  std::string_view first;  // "3": an index
  std::string_view rest;   // "17:0.5"
};

// Decimal digits, as the indices of pairs are handed out: without zeros before them.
bool IsIndex(std::string_view text);

// A blank line, or one with nothing but a comment, which svm-light's files may have.
bool HasNoPairs(std::string_view line);

// The group of "qid:3", which `line` loses where it is the next token; else empty.
std::string_view TakeGroup(std::string_view* line);

// The label, which `line` loses; empty where the line begins with a pair.
std::string_view TakeLabel(std::string_view* line);

// The next pair, which `line` loses, its indices without zeros before them. False at the end of the
// line or before a comment; false with an *error where the token is not written as `shape` says:
// "index:value" or "field:index:value".
bool NextIndexPair(std::string_view* line, std::string_view shape, IndexPair* pair,
                   std::string* error);

// Throws Error(kData): the format has no column of that name, its columns are `columns`.
[[noreturn]] void NoSuchColumn(const std::string& file, const std::string& name,
                               std::string_view columns);

inline constexpr const char* kNoGroup = "the line has no qid:GROUP before its first pair";
inline constexpr const char* kNoLabel = "the line has no label before its first pair";

}  // namespace fathom
