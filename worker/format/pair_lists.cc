#include "worker/format/pair_lists.h"

#include <algorithm>

namespace fathom {

std::size_t PairLists::Slot(std::string_view column) const {
  return static_cast<std::size_t>(std::find(wanted_.begin(), wanted_.end(), column) -
                                  wanted_.begin());
}

void PairLists::Clear() {
  for (std::string& text : texts_) text.clear();
}

std::string& PairLists::Add(std::size_t slot, std::string_view text) {
  std::string& joined = texts_[slot];
  if (!joined.empty()) joined += ' ';
  return joined += text;
}

}  // namespace fathom
