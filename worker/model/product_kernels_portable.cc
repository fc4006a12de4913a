#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kPortableKernels{Rows, Outer};

}  // namespace fathom
