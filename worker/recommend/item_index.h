// The places of a catalogue's items by what some of its columns say of them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "worker/predict/catalogue_text.h"

namespace fathom {

// Texts with their sizes: no two lists of texts are joined to the same.
void JoinTexts(std::span<const std::string_view> texts, std::string* joined);

// Thread rule: immutable once made.
class ItemIndex {
 public:
  // `columns`: of the catalogue's.
  ItemIndex(const CatalogueText& text, const std::vector<std::size_t>& columns);

  // The items with these texts, as `columns`; ascending, empty where there are none.
  std::span<const std::size_t> Find(std::span<const std::string_view> texts) const;

 private:
  std::unordered_map<std::string, std::vector<std::size_t>> places_;
};

}  // namespace fathom
