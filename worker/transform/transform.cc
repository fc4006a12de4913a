#include "worker/transform/transform.h"

#include <fmt/format.h>

#include "common/check.h"

namespace fathom {

bool Transform::KeyOf(std::string_view /*value*/, Key* /*key*/, std::string* /*error*/) const {
  FATHOM_CHECK(!"a transform of numbers makes no keys");
  return false;
}

float Transform::NumberOf(std::string_view /*value*/, const LinePlace& /*line*/) const {
  FATHOM_CHECK(!"a transform of numbers makes none of texts");
  return 0;
}

std::unique_ptr<const Transform> MakeTransform(const ColumnConfig& column,
                                               const LearntTransform* learnt) {
  using Maker = std::unique_ptr<const Transform> (*)(const ColumnConfig&, const LearntTransform*);
  static constexpr Maker kMakers[] = {
#define FATHOM_TRANSFORM(kind, name, of, settings) MakeTransformOf<TransformKind::kind>,
#include "common/config/transforms.def"
#undef FATHOM_TRANSFORM
  };
  return kMakers[static_cast<std::size_t>(column.transform)](column, learnt);
}

ColumnTransforms::ColumnTransforms(const std::vector<ColumnConfig>& columns,
                                   const LearntTransforms& learnt) {
  for (const ColumnConfig& column : columns) {
    const auto own = learnt.find(column.name);
    transforms_.push_back(MakeTransform(column, own == learnt.end() ? nullptr : &own->second));
  }
}

bool LearnsFromData(const ColumnConfig& column) {
  return MakeTransform(column, nullptr)->NewStatistics() != nullptr;
}

std::string NotANumber(const std::string& column, std::string_view text) {
  return fmt::format("column {} = \"{}\" is no number (data.missing lists what means unknown)",
                     column, text);
}

}  // namespace fathom
