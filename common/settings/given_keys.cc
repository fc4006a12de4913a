#include "common/settings/given_keys.h"

namespace fathom {

std::string PathOf(const ColumnConfig& column) { return "column." + column.name; }

std::string PathOf(const CrossConfig& cross) {
  std::string path = "cross.";
  for (const std::string& column : cross.columns)
    path += (path.ends_with('.') ? "" : " x ") + column;
  return path;
}

std::string PathOf(const JoinConfig& join) { return "join." + join.file; }

}  // namespace fathom
