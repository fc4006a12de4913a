// Texts in columns, as tables that people read have them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "common/utf8.h"

namespace fathom {

// A line a row, without line ends: two blanks before each cell, and each column as wide as its
// longest text. is_right(column): whether its texts end together; else they begin together. A row
// may have fewer cells than others.
template <typename IsRight>
std::vector<std::string> AlignedLines(const std::vector<std::vector<std::string>>& rows,
                                      const IsRight& is_right) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], CharactersOf(row[c]));
  }
  std::vector<std::string> lines;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string blanks(widths[c] - CharactersOf(row[c]), ' ');
      line += "  " + (is_right(c) ? blanks + row[c] : row[c] + blanks);
    }
    lines.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
  }
  return lines;
}

}  // namespace fathom
