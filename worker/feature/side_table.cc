#include "worker/feature/side_table.h"

#include <algorithm>

#include "common/error.h"
#include "worker/feature/side_rows.h"

namespace fathom {

SideTable::SideTable(const DataConfig& data, const JoinConfig& join)
    : join_(join), name_(SideTablePath(data, join)) {
  ForEachSideRow(data, join, [this](const auto& fields, std::uint64_t line) { Add(fields, line); });
  RefuseEmpty();
}

SideTable::SideTable(const JoinConfig& join, const std::string& text)
    : join_(join), name_("the model's table of " + join.file) {
  ForEachSideRow(text, name_,
                 [this](const auto& fields, std::uint64_t line) { Add(fields, line); });
  RefuseEmpty();
}

// The first record names the columns.
void SideTable::Add(const std::vector<std::string_view>& fields, std::uint64_t line) {
  const std::string& on = LookedUpColumn(join_);
  if (columns_.empty()) {
    columns_.assign(fields.begin(), fields.end());
    key_column_ = static_cast<std::size_t>(std::find(columns_.begin(), columns_.end(), on) -
                                           columns_.begin());
    if (key_column_ == columns_.size())
      Fail(ExitCode::kData, "{}:1: there is no column \"{}\" to join on", name_, on);
    return;
  }
  if (fields.size() != columns_.size())
    Fail(ExitCode::kData, "{}:{}: {} fields where {} are expected", name_, line, fields.size(),
         columns_.size());
  if (!rows_.try_emplace(std::string(fields[key_column_]), fields.begin(), fields.end()).second) {
    Fail(ExitCode::kData,
         "{}:{}: the key {} = \"{}\" comes a second time: a join needs one row a key", name_, line,
         on, fields[key_column_]);
  }
}

void SideTable::RefuseEmpty() const {
  if (columns_.empty())
    Fail(ExitCode::kData, "{}: the file is empty: a joined table needs a header", name_);
}

const std::vector<std::string>* SideTable::Find(const std::string& key) const {
  const auto row = rows_.find(key);
  return row == rows_.end() ? nullptr : &row->second;
}

}  // namespace fathom
