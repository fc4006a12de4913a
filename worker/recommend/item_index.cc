#include "worker/recommend/item_index.h"

namespace fathom {

void JoinTexts(std::span<const std::string_view> texts, std::string* joined) {
  joined->clear();
  for (const std::string_view text : texts) {
    *joined += std::to_string(text.size());
    *joined += ' ';
    *joined += text;
  }
}

ItemIndex::ItemIndex(const CatalogueText& text, const std::vector<std::size_t>& columns) {
  std::vector<std::string_view> texts(columns.size());
  std::string key;
  for (std::size_t item = 0; item < text.items(); ++item) {
    for (std::size_t c = 0; c < columns.size(); ++c) texts[c] = text.At(item, columns[c]);
    JoinTexts(texts, &key);
    places_[key].push_back(item);
  }
}

std::span<const std::size_t> ItemIndex::Find(std::span<const std::string_view> texts) const {
  std::string key;
  JoinTexts(texts, &key);
  const auto places = places_.find(key);
  return places == places_.end() ? std::span<const std::size_t>() : places->second;
}

}  // namespace fathom
