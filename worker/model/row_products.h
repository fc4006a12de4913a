// The products that the layers need, of rows gathered by pointers: the first layer's lie scattered,
// the other layers' one after another.
//
// Each element of a result is one chain of fused multiply-adds in one order (product_kernels.h),
// whatever rows stand beside it, so it does not depend on how rows are cut into calls, nor on the
// processor. Any sizes; multiples of 16 floats are fastest.
#pragma once

#include <cstddef>
#include <span>

namespace fathom {

// out[i] = rows[i] * w: rows[i] points at [k], w is row-major [k x n], out [rows x n].
void MultiplyRows(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                  float* out);

// out = sum over i of transpose(a[i]) * g[i]: a[i] points at [k], g[i] at [n], out is row-major
// [k x n]. The sum goes over i in order; with `add` it goes on from what is in out.
void MultiplyOuter(std::span<const float* const> a, std::span<const float* const> g, std::size_t k,
                   std::size_t n, bool add, float* out);

}  // namespace fathom
