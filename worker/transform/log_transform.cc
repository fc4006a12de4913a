// log: sign(x) log(1 + |x|).
#include "worker/transform/transform.h"

namespace fathom {
namespace {

class LogTransform : public Transform {
 public:
  NumberSteps Steps() const override { return {.log = true}; }
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kLog>(
    const ColumnConfig& /*column*/, const LearntTransform* /*learnt*/) {
  return std::make_unique<LogTransform>();
}

}  // namespace fathom
