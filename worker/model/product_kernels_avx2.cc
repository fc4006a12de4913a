#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kAvx2Kernels{Rows, Outer};

}  // namespace fathom
