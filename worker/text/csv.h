// Separated values as RFC 4180 has them: a field that begins with a quote ends with one, holds
// anything in between, and doubles its own quotes. Any separator.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "worker/text/separator.h"

namespace fathom {

// Where the record that begins at `begin` ends: behind its line end, or at the end of the text if
// `at_end`. npos: the text ends within the record. A quoted field of more than a mebibyte is taken
// for a quote that somebody forgot: its record ends with its first line.
std::size_t CsvRecordEnd(std::string_view text, std::size_t begin, const Separator& separator,
                         bool at_end);

// Splits a record, line end and all, into fields. Fields are views into the record, or into
// `unescaped` where quotes had to be taken out; both must outlive them. Returns an empty string or
// what is wrong with the record. `trim` strips blanks around unquoted fields.
std::string SplitCsv(std::string_view record, const Separator& separator, bool trim,
                     std::vector<std::string_view>* fields, std::string* unescaped);

// The same of a record in which a quote is a character like others.
void SplitUnquoted(std::string_view record, const Separator& separator, bool trim,
                   std::vector<std::string_view>* fields);

// The field without blanks and tabs around it.
std::string_view TrimmedField(std::string_view field);

// The record without its line end (\n or \r\n, or with more carriage returns, which some programs
// write by translating line ends twice).
std::string_view WithoutLineEnd(std::string_view record);

}  // namespace fathom
