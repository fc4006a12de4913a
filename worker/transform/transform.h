// A column's transform: what it learns from the training part, and what it makes of a value. Each
// has a file of its own, as vocabulary_transform.cc.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/config/config.h"
#include "common/key.h"
#include "worker/transform/column_statistics.h"
#include "worker/transform/learnt_transform.h"
#include "worker/transform/line_place.h"

namespace fathom {

// The way of a number: x, then its SignedLog if `log`, then (x - mean) / stddev, then
// Transform::Further if `further`. All but the last are done for eight columns at once.
struct NumberSteps {
  bool log = false;
  double mean = 0, stddev = 1;
  bool further = false;
};

// Thread rule: immutable once made.
class Transform {
 public:
  virtual ~Transform() = default;

  // Categorical and multivalent columns: the key of a value that is not missing. False where it
  // has none; *error then says what is wrong with the value.
  virtual bool KeyOf(std::string_view value, Key* key, std::string* error) const;

  // Whether KeyOf is ValueKey of the value's text, so that ValueKeys can make many columns' at
  // once.
  virtual bool KeysByText() const { return false; }

  // What a value of that key is called where names are kept (common/model/feature_name.h): its
  // text, or its class.
  virtual std::string NameOf(std::string_view value) const { return std::string(value); }

  // Numeric columns.
  virtual NumberSteps Steps() const { return {}; }
  virtual double Further(double x) const { return x; }

  // Numeric columns: whether the number comes from the value's text, whatever it writes. NumberOf
  // is then all of its way, and Steps and Further are not asked.
  virtual bool OfText() const { return false; }
  virtual float NumberOf(std::string_view value, const LinePlace& line) const;

  // Of a text that the training part does not have; with missing_as = "zero" of a missing one too.
  virtual float OfUnseen() const { return 0; }

  // Whether its statistics want each example's label too.
  virtual bool LearnsFromLabels() const { return false; }

  // Numeric columns: what a missing number becomes.
  virtual float Missing() const { return 0; }

  // Empty statistics of the column, if the transform has to see the training part first; else null.
  virtual std::unique_ptr<ColumnStatistics> NewStatistics() const { return nullptr; }
};

// Each transform's file defines its own. `learnt`: null before anything is learnt.
template <TransformKind kTransform>
std::unique_ptr<const Transform> MakeTransformOf(const ColumnConfig& column,
                                                 const LearntTransform* learnt);
#define FATHOM_TRANSFORM(kind, name, of, settings)                                           \
  template <>                                                                                \
  std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kind>(const ColumnConfig&, \
                                                                        const LearntTransform*);
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM

// column.transform of that column.
std::unique_ptr<const Transform> MakeTransform(const ColumnConfig& column,
                                               const LearntTransform* learnt);

// The transforms of a config's columns, which any number of encoders share. Thread rule: immutable
// once made.
class ColumnTransforms {
 public:
  ColumnTransforms(const std::vector<ColumnConfig>& columns, const LearntTransforms& learnt);

  // Of column number `column` of the config.
  const std::shared_ptr<const Transform>& Of(std::size_t column) const {
    return transforms_[column];
  }

 private:
  std::vector<std::shared_ptr<const Transform>> transforms_;
};

// Whether the column's transform has to see the training examples first.
bool LearnsFromData(const ColumnConfig& column);

// What is wrong with a text that should have been a number.
std::string NotANumber(const std::string& column, std::string_view text);

}  // namespace fathom
