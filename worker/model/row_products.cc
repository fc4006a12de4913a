#include "worker/model/row_products.h"

#include <algorithm>
#include <cstring>

namespace fathom {
namespace {

// The widest vector of floats that the processor has and the tile of which the sums fit its
// registers: 32 of them, or 16 of which four are left for factors. No sum depends on it.
#if defined(__AVX512F__)
constexpr std::size_t kWidest = 16;
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTileVectors = 4;
#elif defined(__AVX__)
constexpr std::size_t kWidest = 8;
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTileVectors = 2;
#else
constexpr std::size_t kWidest = 4;
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTileVectors = 2;
#endif

// One by one: attributes that depend on a parameter are lost by g++ 12.
template <std::size_t kLanes>
struct VectorOf;
template <>
struct VectorOf<16> {
  using Type = float __attribute__((vector_size(64)));
};
template <>
struct VectorOf<8> {
  using Type = float __attribute__((vector_size(32)));
};
template <>
struct VectorOf<4> {
  using Type = float __attribute__((vector_size(16)));
};
template <>
struct VectorOf<2> {
  using Type = float __attribute__((vector_size(8)));
};
template <>
struct VectorOf<1> {
  using Type = float;
};
template <std::size_t kLanes>
using Vector = typename VectorOf<kLanes>::Type;

template <std::size_t kLanes>
inline Vector<kLanes> Load(const float* place) {
  Vector<kLanes> value;
  std::memcpy(&value, place, sizeof(value));  // place is aligned to a float, not to a vector
  return value;
}
template <std::size_t kLanes>
inline void Store(Vector<kLanes> value, float* place) {
  std::memcpy(place, &value, sizeof(value));
}

// kRows rows times kVectors vectors of columns of w, summed in registers. The last rows of `rows`
// may be repeated ones; only `kept` are stored.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
inline void RowsTile(const float* const* rows, const float* w, std::size_t k, std::size_t n,
                     std::size_t kept, float* out) {
  Vector<kLanes> sums[kRows][kVectors] = {};
  for (std::size_t p = 0; p < k; ++p) {
    Vector<kLanes> columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = Load<kLanes>(w + p * n + v * kLanes);
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
    for (std::size_t v = 0; v < kVectors; ++v) Store<kLanes>(sums[r][v], out + r * n + v * kLanes);
  }
}

// As many columns from `*column` on as fit; the rest are a narrower vector's.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
void RowsColumns(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                 float* out, std::size_t* column) {
  for (; *column + kVectors * kLanes <= n; *column += kVectors * kLanes) {
    const float* const weights = w + *column;
    float* const into = out + *column;
    std::size_t i = 0;
    for (; i + kRows <= rows.size(); i += kRows)
      RowsTile<kRows, kVectors, kLanes>(rows.data() + i, weights, k, n, kRows, into + i * n);
    if (i == rows.size()) continue;
    const float* last[kRows];
    for (std::size_t r = 0; r < kRows; ++r) last[r] = rows[std::min(i + r, rows.size() - 1)];
    RowsTile<kRows, kVectors, kLanes>(last, weights, k, n, rows.size() - i, into + i * n);
  }
}

// kRows rows of out times kVectors vectors of its columns.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
inline void OuterTile(std::span<const float* const> a, std::span<const float* const> g,
                      std::size_t row, std::size_t column, std::size_t n, bool add, float* out) {
  Vector<kLanes> sums[kRows][kVectors] = {};
  if (add) {
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[r][v] = Load<kLanes>(out + r * n + v * kLanes);
    }
  }
  for (std::size_t i = 0; i < a.size(); ++i) {
    const float* const left = a[i] + row;
    const float* const right = g[i] + column;
    Vector<kLanes> columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = Load<kLanes>(right + v * kLanes);
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
    for (std::size_t v = 0; v < kVectors; ++v) Store<kLanes>(sums[r][v], out + r * n + v * kLanes);
  }
}

template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
void OuterColumns(std::span<const float* const> a, std::span<const float* const> g, std::size_t row,
                  std::size_t n, bool add, float* out, std::size_t* column) {
  for (; *column + kVectors * kLanes <= n; *column += kVectors * kLanes)
    OuterTile<kRows, kVectors, kLanes>(a, g, row, *column, n, add, out + *column);
}

template <std::size_t kRows>
void OuterRows(std::span<const float* const> a, std::span<const float* const> g, std::size_t row,
               std::size_t n, bool add, float* out) {
  std::size_t column = 0;
  OuterColumns<kRows, kTileVectors, kWidest>(a, g, row, n, add, out, &column);
  OuterColumns<kRows, 1, kWidest>(a, g, row, n, add, out, &column);
  OuterColumns<kRows, 1, 4>(a, g, row, n, add, out, &column);
  OuterColumns<kRows, 1, 1>(a, g, row, n, add, out, &column);
}

}  // namespace

void MultiplyRows(std::span<const float* const> rows, const float* w, std::size_t k, std::size_t n,
                  float* out) {
  std::size_t column = 0;
  RowsColumns<kTileRows, kTileVectors, kWidest>(rows, w, k, n, out, &column);
  RowsColumns<8, kTileVectors / 2, kWidest>(rows, w, k, n, out, &column);
  RowsColumns<8, 1, kWidest>(rows, w, k, n, out, &column);
  RowsColumns<8, 1, 8>(rows, w, k, n, out, &column);
  RowsColumns<8, 1, 4>(rows, w, k, n, out, &column);
  RowsColumns<8, 1, 2>(rows, w, k, n, out, &column);
  RowsColumns<8, 1, 1>(rows, w, k, n, out, &column);
}

void MultiplyOuter(std::span<const float* const> a, std::span<const float* const> g, std::size_t k,
                   std::size_t n, bool add, float* out) {
  std::size_t row = 0;
  for (; row + 4 <= k; row += 4) OuterRows<4>(a, g, row, n, add, out + row * n);
  for (; row < k; ++row) OuterRows<1>(a, g, row, n, add, out + row * n);
}

}  // namespace fathom
