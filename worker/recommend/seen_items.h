// Which items of a catalogue a reader has already: out of a file such as the training log.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "worker/predict/catalogue.h"

namespace fathom {

// By slot of the schema, null where the reader gives none.
using ReaderTexts = std::vector<std::string_view>;

struct SeenItems {
  std::vector<std::string> columns;              // of the file, by which it was told what is whose
  std::vector<std::vector<std::size_t>> places;  // by reader: of its items in the catalogue
};

// For each reader the places of the items that the file's lines name, ascending. A line counts for
// the readers whose texts it has in the reader's columns, and names the items whose texts it has in
// the items'. `told_by`: these columns; empty: the first of `reader_columns` that the file has, and
// all columns of the model that file and catalogue share. Where no column is a reader's, each line
// counts for all. Throws Error(kData): it cannot be read, a bad line, it lacks a column or names no
// items; Error(kUsage): a column that is neither the readers' nor the catalogue's.
SeenItems ReadSeen(const std::filesystem::path& file, const Catalogue& catalogue,
                   const std::vector<ReaderTexts>& readers,
                   const std::vector<std::string>& reader_columns,
                   const std::vector<std::string>& told_by);

}  // namespace fathom
