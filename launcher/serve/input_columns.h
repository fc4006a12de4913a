// The columns that a model is given by name.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "worker/predict/scorer.h"

namespace fathom {

// Thread rule: immutable once made. The scorer outlives it.
class InputColumns {
 public:
  explicit InputColumns(const Scorer& scorer);

  struct Column {
    const ScoringInput* input = nullptr;
    char separator = 0;    // between the values of a list; 0: the column holds one value a row
    bool numeric = false;  // all that read it take a number
  };
  const std::vector<Column>& columns() const { return columns_; }  // by slot of the schema

  const std::string& NameOf(std::size_t slot) const { return columns_[slot].input->name; }

  // Throws RequestError that names those that there are.
  std::size_t SlotOf(std::string_view name) const;

  // The slot, or columns().size() if the model has no such column.
  std::size_t Find(std::string_view name) const;

  const std::string& missing_text() const { return missing_text_; }

 private:
  std::vector<Column> columns_;
  std::unordered_map<std::string, std::size_t> slots_;
  std::string missing_text_;
};

}  // namespace fathom
