#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kAvx512Kernels{Rows, Outer};

}  // namespace fathom
