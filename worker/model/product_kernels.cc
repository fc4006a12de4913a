#include "worker/model/product_kernels.h"

#include <cstdlib>
#include <string_view>

#include "common/error.h"

namespace fathom {
namespace {

struct Choice {
  const ProductKernels* kernels;
  bool there;  // the processor has the instructions
};

const ProductKernels& Choose() {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const Choice choices[] = {{&kAvx512Kernels, avx2 && __builtin_cpu_supports("avx512f")},
                            {&kAvx2Kernels, avx2},
                            {&kPortableKernels, true}};
#else
  const Choice choices[] = {{&kPortableKernels, true}};
#endif
  const char* const asked = std::getenv("FATHOM_KERNELS");
  for (const Choice& choice : choices) {
    if (asked == nullptr ? choice.there : std::string_view(asked) == choice.kernels->name) {
      if (choice.there) return *choice.kernels;
      Fail(ExitCode::kUsage, "FATHOM_KERNELS={}: this processor has no such instructions", asked);
    }
  }
  Fail(ExitCode::kUsage, "FATHOM_KERNELS={}: it is avx512, avx2 or portable", asked);
}

}  // namespace

const ProductKernels& ChosenKernels() {
  static const ProductKernels& chosen = Choose();
  return chosen;
}

}  // namespace fathom
