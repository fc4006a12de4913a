// The products that the layers need, on plain row-major arrays. One of two libraries does them,
// chosen when the program is built (FATHOM_ONEDNN): matrix_product_onednn.cc or
// matrix_product_eigen.cc. Either gives the same bits for the same shapes, on any thread.
#pragma once

namespace fathom {

// out[m x n] = a[m x k] * w[k x n]
void Product(const float* a, const float* w, int m, int k, int n, float* out);

// out[k x n] = transpose(a[m x k]) * g[m x n]
void TransposedLeftProduct(const float* a, const float* g, int m, int k, int n, float* out);

// out[m x k] = g[m x n] * transpose(w[k x n])
void TransposedRightProduct(const float* g, const float* w, int m, int k, int n, float* out);

}  // namespace fathom
