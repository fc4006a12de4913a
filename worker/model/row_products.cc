#include "worker/model/row_products.h"

#include "common/check.h"
#include "worker/model/product_kernels.h"

namespace fathom {

void MultiplyRows(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                  float* out) {
  ChosenKernels().rows(rows.data(), rows.size(), w, k, n, out);
}

void MultiplyOuter(std::span<const float* const> a, std::span<const float* const> g, std::size_t k,
                   std::size_t n, bool add, float* out) {
  FATHOM_CHECK_EQ(a.size(), g.size());
  ChosenKernels().outer(a.data(), g.data(), a.size(), k, n, add, out);
}

}  // namespace fathom
