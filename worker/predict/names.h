// The names of a model's features: which text each key stands for, where the model was trained with
// output.names = true (common/model/feature_name.h has the file's form).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/key.h"
#include "common/model/feature_name.h"
#include "worker/predict/trained_model.h"

namespace fathom {

// Whether the model has them.
bool KeepsNames(const Manifest& manifest);

// Thread rule: immutable once made. Memory: the file's bytes, and 16 B a name.
class FeatureNames {
 public:
  // Those of this model; none where it keeps none. Throws Error(kModel): the file is damaged.
  static FeatureNames Of(const TrainedModel& model);

  FeatureNames() = default;

  // `text`: of names.tsv. `file`: for messages.
  FeatureNames(std::string text, const std::string& file);
  FeatureNames(FeatureNames&&) = default;
  FeatureNames& operator=(FeatureNames&&) = default;

  // How many keys have a name. 0: the model keeps none.
  std::size_t size() const { return size_; }

  // The name of a key in a field (a column, or a cross by its CrossName); nothing where it has
  // none.
  std::optional<FeatureName> NameOf(std::string_view field, Key key) const;

  // For people: the name, with "and others" where several texts have the key; "#" and the key's 16
  // hexadecimal digits where it has none.
  std::string Shown(std::string_view field, Key key) const;

 private:
  struct Place {
    Key key;
    std::uint64_t line;  // where it begins in the text
  };
  struct Field {
    std::string name;
    std::vector<Place> places;  // ascending by key
  };
  NameLine LineAt(std::uint64_t begin) const;

  std::string text_;
  std::vector<Field> fields_;
  std::size_t size_ = 0;
};

}  // namespace fathom
