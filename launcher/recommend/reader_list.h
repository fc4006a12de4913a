// Whom to recommend to: what the command line, and a file of readers, say of each.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "worker/predict/catalogue.h"
#include "worker/recommend/seen_items.h"

namespace fathom {

// Thread rule: immutable once made.
class ReaderList {
 public:
  // `given`: column=value, of every reader. `file`: a reader a line; empty: there is one reader.
  // Throws Error(kUsage): a column that is not the reader's, or that is missing or comes twice;
  // Error(kData): the file.
  ReaderList(const Catalogue& catalogue, const std::vector<std::string>& given,
             const std::filesystem::path& file);

  std::size_t size() const { return texts_.size(); }
  // The columns that readers give, in the order of the file, then of the command line.
  const std::vector<std::string>& columns() const { return columns_; }
  const std::vector<std::string>& texts(std::size_t reader) const { return texts_[reader]; }

  // By slot of the schema; they view this list.
  std::vector<ReaderTexts> BySlot() const;

 private:
  void AddColumn(const std::string& column, const std::string& from);
  void RequireAll() const;

  const Catalogue& catalogue_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> texts_;  // by reader, column
};

}  // namespace fathom
