#include "worker/row_products.h"

#include <algorithm>

namespace fathom {
namespace {

// The compiler maps it to the vectors that the processor has.
constexpr std::size_t kLanes = 16;
using Vector = float __attribute__((vector_size(kLanes * sizeof(float)), aligned(4), may_alias));

inline Vector Load(const float* place) { return *reinterpret_cast<const Vector*>(place); }
inline void Store(Vector value, float* place) { *reinterpret_cast<Vector*>(place) = value; }

// kRows rows times kVectors vectors of columns of w, summed in registers. The last rows of `rows`
// may be repeated ones; only `kept` are stored.
template <std::size_t kRows, std::size_t kVectors>
inline void RowsTile(const float* const* rows, const float* w, std::size_t k, std::size_t n,
                     std::size_t kept, float* out) {
  Vector sums[kRows][kVectors] = {};
  for (std::size_t p = 0; p < k; ++p) {
    Vector columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = Load(w + p * n + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const float x = rows[r][p];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] += x * columns[v];
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
    if (r >= kept) return;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) Store(sums[r][v], out + r * n + v * kLanes);
  }
}

template <std::size_t kRows, std::size_t kVectors>
void RowsColumns(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                 float* out) {
  std::size_t i = 0;
  for (; i + kRows <= rows.size(); i += kRows)
    RowsTile<kRows, kVectors>(rows.data() + i, w, k, n, kRows, out + i * n);
  if (i == rows.size()) return;
  const float* last[kRows];
  for (std::size_t r = 0; r < kRows; ++r) last[r] = rows[std::min(i + r, rows.size() - 1)];
  RowsTile<kRows, kVectors>(last, w, k, n, rows.size() - i, out + i * n);
}

// kRows rows of out times kVectors vectors of its columns.
template <std::size_t kRows, std::size_t kVectors>
inline void OuterTile(std::span<const float* const> a, std::span<const float* const> g,
                      std::size_t row, std::size_t column, std::size_t n, bool add, float* out) {
  Vector sums[kRows][kVectors] = {};
  if (add) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = Load(out + r * n + v * kLanes);
    }
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float* const left = a[i] + row;
    const float* const right = g[i] + column;
    Vector columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = Load(right + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const float x = left[r];
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] += x * columns[v];
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) Store(sums[r][v], out + r * n + v * kLanes);
  }
}

template <std::size_t kRows>
void OuterRows(std::span<const float* const> a, std::span<const float* const> g, std::size_t row,
               std::size_t n, bool add, float* out) {
  std::size_t c = 0;
  for (; c + 4 * kLanes <= n; c += 4 * kLanes) OuterTile<kRows, 4>(a, g, row, c, n, add, out + c);
  for (; c + kLanes <= n; c += kLanes) OuterTile<kRows, 1>(a, g, row, c, n, add, out + c);
  for (; c < n; ++c) {
    for (std::size_t r = 0; r < kRows; ++r) {
      float sum = add ? out[r * n + c] : 0.0F;
      for (std::size_t i = 0; i < a.size(); ++i) sum += a[i][row + r] * g[i][c];
      out[r * n + c] = sum;
    }
  }
}

}  // namespace

void MultiplyRows(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                  float* out) {
  std::size_t c = 0;
  for (; c + 4 * kLanes <= n; c += 4 * kLanes) RowsColumns<6, 4>(rows, w + c, k, n, out + c);
  for (; c + 2 * kLanes <= n; c += 2 * kLanes) RowsColumns<8, 2>(rows, w + c, k, n, out + c);
  for (; c + kLanes <= n; c += kLanes) RowsColumns<8, 1>(rows, w + c, k, n, out + c);
  for (; c < n; ++c) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      float sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum += rows[i][p] * w[p * n + c];
      out[i * n + c] = sum;
    }
  }
}

void MultiplyOuter(std::span<const float* const> a, std::span<const float* const> g, std::size_t k,
                   std::size_t n, bool add, float* out) {
  std::size_t row = 0;
  for (; row + 4 <= k; row += 4) OuterRows<4>(a, g, row, n, add, out + row * n);
  for (; row < k; ++row) OuterRows<1>(a, g, row, n, add, out + row * n);
}

}  // namespace fathom
