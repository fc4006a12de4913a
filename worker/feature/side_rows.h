// The rows of a side table's text, and that text in the one form in which a model keeps it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/config/config.h"

namespace fathom {

// The file of a [[join]], for messages too.
std::string SideTablePath(const DataConfig& data, const JoinConfig& join);

// Its column that is looked up.
inline const std::string& LookedUpColumn(const JoinConfig& join) {
  return join.on.empty() ? join.key : join.on;
}

// Calls row(fields, line) for the header and then for each row of the file. Throws Error(kData): it
// cannot be read, a pipe, a line whose quotes are wrong.
using SideRow =
    std::function<void(const std::vector<std::string_view>& fields, std::uint64_t line)>;
void ForEachSideRow(const DataConfig& data, const JoinConfig& join, const SideRow& row);

// The same of a text that SideTableText has made. `name`: for messages.
void ForEachSideRow(const std::string& text, const std::string& name, const SideRow& row);

// The table as a model keeps it: CSV by RFC 4180 with a header, the rows in the file's order, these
// of its columns in the file's order. Throws as ForEachSideRow.
std::string SideTableText(const DataConfig& data, const JoinConfig& join,
                          const std::function<bool(const std::string& column)>& keeps);

}  // namespace fathom
