#include "worker/model/model_part.h"

namespace fathom {

std::vector<std::unique_ptr<ModelPart>> MakeParts(const ModelSpec& spec, int slice_size) {
  using Make = std::unique_ptr<ModelPart> (*)(const ModelSpec&, int);
  static constexpr Make kMakers[] = {
#define FATHOM_MODEL_PART(kind, name) MakePart<ModelPartKind::kind>,
#define FATHOM_OPTIONAL_PART(kind, name, on, needs, help) MakePart<ModelPartKind::kind>,
#include "common/config/model_parts.def"
#undef FATHOM_OPTIONAL_PART
#undef FATHOM_MODEL_PART
  };
  std::vector<std::unique_ptr<ModelPart>> parts;
  for (const ModelPartKind part : spec.parts)
    parts.push_back(kMakers[static_cast<std::size_t>(part)](spec, slice_size));
  return parts;
}

}  // namespace fathom
