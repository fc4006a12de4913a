// What may be recommended: the rows of a CSV file with a header.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/serve/input_columns.h"

namespace fathom {

// Thread rule: immutable once made.
class Catalogue {
 public:
  // Throws Error(kData) that names the file and the line.
  explicit Catalogue(const std::filesystem::path& file);

  const std::filesystem::path& file() const { return file_; }
  const std::vector<std::string>& columns() const { return columns_; }
  std::size_t rows() const { return fields_.size() / columns_.size(); }
  std::string_view Text(std::size_t row, std::size_t column) const {
    return fields_[row * columns_.size() + column];
  }

 private:
  std::filesystem::path file_;
  std::vector<std::string> columns_;
  std::vector<std::string> fields_;  // [rows x columns]
};

// Which of its columns a model reads. The catalogue outlives it.
class CatalogueColumns {
 public:
  // Throws Error(kData) where the model reads none.
  CatalogueColumns(const Catalogue& catalogue, const InputColumns& model);

  const Catalogue& catalogue() const { return catalogue_; }
  std::size_t rows() const { return catalogue_.rows(); }

  bool Gives(std::size_t slot) const;

  // Sets the texts of the columns that the catalogue has.
  void Row(std::size_t row, std::vector<std::string_view>* values) const {
    for (const auto& [slot, column] : slots_) (*values)[slot] = catalogue_.Text(row, column);
  }

 private:
  const Catalogue& catalogue_;
  std::vector<std::pair<std::size_t, std::size_t>> slots_;  // of the model; column here
};

}  // namespace fathom
