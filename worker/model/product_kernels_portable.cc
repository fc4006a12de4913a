#include "worker/model/product_tiles.h"

namespace fathom {

const ProductKernels kPortableKernels{"portable", Rows, Outer};

}  // namespace fathom
