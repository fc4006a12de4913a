// Products of rows that lie scattered, gathered by pointers: what the first layer needs where a
// matrix library would first want the rows copied together.
//
// Each row's result is computed for itself in one order, whatever rows stand beside it, so it
// does not depend on how rows are cut into calls. Any sizes; multiples
// of 16 floats are fastest.
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
