// Records whose fields stand at fixed places: each wanted column is one of them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/format/input_format.h"

namespace fathom {

// Thread rule: one thread's own.
class PlacedFields {
 public:
  // `trims`: strips blanks around the fields that come by their cuts.
  PlacedFields(std::vector<std::string> wanted, bool trims);

  // Where the wanted columns stand among `names`, one name a field. Throws Error(kData) where a
  // name comes twice or a wanted one not at all.
  FileColumns Resolve(const std::string& file, const std::vector<std::string>& names) const;

  // The same where names are given and `first` are the fields of the file's first record: one that
  // reads exactly as the names is a header.
  FileColumns Resolve(const std::string& file, const std::vector<std::string>& names,
                      const std::vector<std::string_view>& first) const;

  bool Wants(std::string_view column) const;

  // The wanted fields of a record that comes with its cuts, or whose fields the caller has found.
  // Both return an empty string, or what is wrong with the record.
  std::string TakeCuts(const Record& record, const FileColumns& columns,
                       std::vector<std::string_view>* values) const;
  std::string Take(const std::vector<std::string_view>& fields, const FileColumns& columns,
                   std::vector<std::string_view>* values) const;

  void Only(std::vector<std::size_t> wanted) { needed_ = std::move(wanted); }

 private:
  std::vector<std::string> wanted_;
  std::vector<std::size_t> needed_;  // among wanted_
  bool trims_;
};

}  // namespace fathom
