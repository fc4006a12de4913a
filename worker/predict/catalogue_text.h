// The texts of candidates, by item and column: what a model reads of them, and what is kept to show
// them by, as titles.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "worker/predict/scorer.h"

namespace fathom {

// Thread rule: immutable once filled.
class CatalogueText {
 public:
  // `name`: for messages. Throws Error(kData) where a column comes twice.
  CatalogueText(std::string name, std::vector<std::string> columns);

  // Adds an item: texts by column, null where it gives none. `line`: of its file; 0: there is none.
  void Add(std::span<const std::string_view> texts, std::uint64_t line = 0);

  std::size_t items() const { return lines_.size(); }
  const std::vector<std::string>& columns() const { return columns_; }

  // Among columns(); columns().size() where there is none of that name.
  std::size_t Column(std::string_view name) const;

  // Null where the item gives none. Valid as long as this object.
  std::string_view At(std::size_t item, std::size_t column) const;

  // "books.csv:14", or "the catalogue: item 13" from 0.
  std::string Where(std::size_t item) const;

 private:
  std::string name_;
  std::vector<std::string> columns_;
  std::string texts_;
  std::vector<std::uint64_t> begins_;  // [items x columns + 1], into texts_
  std::vector<std::uint8_t> given_;    // [items x columns]
  std::vector<std::uint64_t> lines_;   // [items]
};

// Reads a file of candidates: fields with a header, between the model's own separator, commas or
// tabs, whichever give a column of the model; or lines in the model's own format, of which all the
// model's columns are read but those of `reader`. Throws Error(kData): it cannot be read, a bad
// line, no column of the model.
CatalogueText ReadCatalogue(const std::filesystem::path& file, const Scorer& scorer,
                            const std::vector<std::string>& reader);

}  // namespace fathom
