// The products that the layers need, by Eigen, on plain row-major arrays. Eigen's blocking is
// pinned to fixed cache sizes, so the same shapes give the same bits on every machine of one kind.
#pragma once

namespace fathom {

// out[m x n] = a[m x k] * w[k x n] + bias[n] in every row
void AffineProduct(const float* a, const float* w, const float* bias, int m, int k, int n, float* out);

// out[k x n] = transpose(a[m x k]) * g[m x n]
void TransposedLeftProduct(const float* a, const float* g, int m, int k, int n, float* out);

// out[m x k] = g[m x n] * transpose(w[k x n])
void TransposedRightProduct(const float* g, const float* w, int m, int k, int n, float* out);

}  // namespace fathom
