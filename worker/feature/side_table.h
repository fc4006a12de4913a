// A side table that is looked up by key: a [[join]].
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/config/config.h"

namespace fathom {

// Thread rule: immutable once made.
class SideTable {
 public:
  // Reads the whole file: CSV with a header. Throws Error(kData): a bad line, a missing key column,
  // a key that comes twice.
  SideTable(const DataConfig& data, const JoinConfig& join);

  // Of the text that a model keeps of it (side_rows.h).
  SideTable(const JoinConfig& join, const std::string& text);

  const JoinConfig& join() const { return join_; }
  const std::vector<std::string>& columns() const { return columns_; }

  // The fields of the row with that key, by column; null where there is none.
  const std::vector<std::string>* Find(const std::string& key) const;

 private:
  void Add(const std::vector<std::string_view>& fields, std::uint64_t line);
  void RefuseEmpty() const;

  JoinConfig join_;
  std::string name_;  // for messages
  std::size_t key_column_ = 0;
  std::vector<std::string> columns_;
  std::unordered_map<std::string, std::vector<std::string>> rows_;
};

}  // namespace fathom
