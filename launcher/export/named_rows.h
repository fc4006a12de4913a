// Which feature a row is: the field that its key belongs to, and the text that it stands for.
//
// A table's rows say only their keys. The names that a model keeps (output.names) say the rest; a
// table that a single field uses needs none to know the field.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/key.h"
#include "worker/predict/names.h"
#include "worker/predict/scorer.h"

namespace fathom {

struct NamedRow {
  std::string_view field;  // empty: not known
  std::string feature;     // "#" and the key in hexadecimal where it has no name
  Key key = 0;
  float weight = 0;                  // 0 where the table is not wide
  std::span<const float> embedding;  // [dim of the table]
};

// Thread rule: one thread's own.
class NamedRows {
 public:
  // Throws Error(kModel): the names are damaged.
  explicit NamedRows(const Scorer& model);

  bool has_names() const { return names_.size() > 0; }

  // Throws Error(kUsage) where no field has this name, or the model cannot tell its rows from
  // others'.
  const Field& FieldNamed(const std::string& name) const;

  // Calls use(row) for each row of the table, in order of key; with `only`, of that field's.
  void ForEach(std::size_t table, const Field* only,
               const std::function<void(const NamedRow&)>& use) const;

 private:
  const Scorer& model_;
  FeatureNames names_;
  std::vector<std::vector<const Field*>> fields_;  // by table
};

}  // namespace fathom
