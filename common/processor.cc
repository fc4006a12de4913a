#include "common/processor.h"

#include <cstdlib>
#include <string_view>

#include "common/error.h"

namespace fathom {
namespace {

Vectors Choose() {
  const Vectors widest = WidestVectors();
  const char* const asked = std::getenv("FATHOM_KERNELS");
  if (asked == nullptr || *asked == 0) return widest;
  for (const Vectors vectors : {Vectors::kPortable, Vectors::kAvx2, Vectors::kAvx512}) {
    if (std::string_view(asked) != NameOf(vectors)) continue;
    if (vectors <= widest) return vectors;
    Fail(ExitCode::kUsage, "FATHOM_KERNELS={}: this processor has no such instructions", asked);
  }
  Fail(ExitCode::kUsage, "FATHOM_KERNELS={}: it is avx512, avx2 or portable", asked);
}

}  // namespace

const char* NameOf(Vectors vectors) {
  switch (vectors) {
    case Vectors::kAvx512:
      return "avx512";
    case Vectors::kAvx2:
      return "avx2";
    case Vectors::kPortable:
      break;
  }
  return "portable";
}

Vectors WidestVectors() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
    return Vectors::kAvx512;
  if (avx2) return Vectors::kAvx2;
#endif
  return Vectors::kPortable;
}

Vectors ChosenVectors() {
  static const Vectors chosen = Choose();
  return chosen;
}

}  // namespace fathom
