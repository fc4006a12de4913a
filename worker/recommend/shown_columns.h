// What is shown of an item: columns of the catalogue, and of the joined tables that the model keeps
// of its items.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "worker/predict/catalogue.h"

namespace fathom {

// Thread rule: one thread's own. The catalogue must outlive it.
class ShownColumns {
 public:
  // `names` empty: the catalogue's columns that a line of the model has, and those that the model
  // does not read, as titles. Throws Error(kUsage): a name that there is not.
  ShownColumns(const Catalogue& catalogue, const std::vector<std::string>& names);

  const std::vector<std::string>& names() const { return names_; }

  // As names(); null where the item has none. They live as long as the catalogue.
  std::vector<std::string_view> Of(std::size_t item);

 private:
  struct Source {
    int join = -1;  // -1: the catalogue itself
    std::size_t column = 0;
  };

  bool Find(const std::string& name, Source* source) const;
  std::vector<std::string> All() const;

  const Catalogue& catalogue_;
  ItemReader items_;
  std::vector<std::string> names_;
  std::vector<Source> sources_;  // as names_
};

}  // namespace fathom
