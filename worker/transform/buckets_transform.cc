// buckets: the class of a number between boundaries that the config gives.
#include "worker/transform/number_classes.h"

namespace fathom {
namespace {

class BucketsTransform : public Transform {
 public:
  explicit BucketsTransform(const ColumnConfig& column)
      : classes_(column.name, column.boundaries) {}

  bool KeyOf(std::string_view value, Key* key, std::string* error) const override {
    return classes_.KeyOf(value, key, error);
  }

  std::string NameOf(std::string_view value) const override { return classes_.NameOf(value); }

 private:
  NumberClasses classes_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kBuckets>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<BucketsTransform>(column);
}

}  // namespace fathom
