// count: is not there yet.
#include "common/error.h"
#include "worker/transform/transform.h"

namespace fathom {

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kCount>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  Fail(ExitCode::kUsage, "column {}: count is not there yet", column.name);
}

}  // namespace fathom
