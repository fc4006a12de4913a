#include "worker/model/product_kernels.h"

#include "common/processor.h"

namespace fathom {

const ProductKernels& KernelsFor(Vectors vectors) {
#if defined(__x86_64__)
  if (vectors == Vectors::kAvx512) return kAvx512Kernels;
  if (vectors == Vectors::kAvx2) return kAvx2Kernels;
#endif
  (void)vectors;
  return kPortableKernels;
}

const ProductKernels& ChosenKernels() {
  static const ProductKernels& chosen = KernelsFor(ChosenVectors());
  return chosen;
}

}  // namespace fathom
