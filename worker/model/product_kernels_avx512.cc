#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kAvx512Kernels{"avx512", Rows, Outer};

}  // namespace fathom
