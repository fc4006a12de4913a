// The rows of a request: the texts of a model's columns, as its lines would hold them.
#pragma once

#include <deque>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "launcher/http/json_document.h"
#include "launcher/serve/input_columns.h"
#include "launcher/serve/serve_limits.h"

namespace fathom {

// Texts are views into what the caller keeps, or into this. A text without data: the row does not
// give the column. Thread rule: one thread's own.
class InputRows {
 public:
  InputRows(const InputColumns& columns, const ServeLimits& limits)
      : columns_(columns), limits_(limits), texts_(columns.columns().size()) {}
  InputRows(const InputRows&) = delete;
  InputRows& operator=(const InputRows&) = delete;

  const InputColumns& columns() const { return columns_; }
  const ServeLimits& limits() const { return limits_; }

  // A column of `texts`: one a row, or one for all rows. Throws RequestError where it is given
  // already.
  void AddColumn(std::size_t slot, std::vector<std::string_view> texts);

  // {"column": [value, ...] or value, ...}
  void AddColumns(const JsonDocument::Value& object);

  // [{"column": value, ...}, ...]
  void AddObjects(const JsonDocument::Value& array);

  // A value as a column's text: null is the text that means "missing", an array the texts of a
  // list. Throws RequestError.
  std::string_view TextOf(std::size_t slot, const JsonDocument::Value& value);

  // The list's values with the column's separator between them. Throws RequestError where one of
  // them holds it or is empty.
  std::string_view Joined(std::size_t slot, std::span<const std::string_view> values);

  std::string_view Missing() const { return columns_.missing_text(); }
  std::string_view Keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  bool Has(std::size_t slot) const { return !texts_[slot].empty() || empty_[slot]; }

  // After the last column: checks that all that must be there is, and how many rows there are.
  // Throws RequestError. `elsewhere(slot)`: a column that need not be here.
  void Finish(const std::function<bool(std::size_t slot)>& elsewhere = {});

  std::size_t rows() const { return rows_; }

  // Whether it was given an array of no rows, which names no columns.
  bool none() const { return none_; }

  // Sets values[slot] of the columns that are given here.
  void Row(std::size_t row, std::vector<std::string_view>* values) const {
    for (std::size_t slot = 0; slot < texts_.size(); ++slot) {
      const auto& texts = texts_[slot];
      if (!texts.empty()) (*values)[slot] = texts[texts.size() == 1 ? 0 : row];
    }
  }

 private:
  void CheckRequired(std::size_t slot) const;

  const InputColumns& columns_;
  const ServeLimits& limits_;
  std::vector<std::vector<std::string_view>> texts_;            // by slot
  std::vector<bool> empty_ = std::vector<bool>(texts_.size());  // given, with no rows
  std::deque<std::string> kept_;
  std::size_t rows_ = 0;
  bool none_ = false;
};

}  // namespace fathom
