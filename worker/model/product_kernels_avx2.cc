#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kAvx2Kernels{"avx2", Rows, Outer};

}  // namespace fathom
