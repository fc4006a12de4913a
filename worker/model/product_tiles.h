// The body of product_kernels_*.cc, compiled once for each kind of processor, with
// FATHOM_KERNEL_LANES floats in its widest vector.
//
// It uses no function of a library: one that is compiled here, with instructions that another
// processor lacks, could be the one that the linker takes for the whole program.
#pragma once

#include <cstddef>

#if defined(__x86_64__) && FATHOM_KERNEL_LANES > 1
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#include "worker/model/product_kernels.h"

namespace fathom {
namespace {

// Floats that are loaded, multiplied and stored together. FusedAdd is x * y + sum, rounded once.
template <std::size_t kLanes>
struct Vector;

template <>
struct Vector<1> {
  using Type = float;
  static Type Zero() { return 0; }
  static Type Load(const float* place) { return *place; }
  static Type Of(float value) { return value; }
  static Type FusedAdd(Type x, Type y, Type sum) { return __builtin_fmaf(x, y, sum); }
  static void Store(Type value, float* place) { *place = value; }
};
#if defined(__x86_64__) && FATHOM_KERNEL_LANES > 1
template <>
struct Vector<4> {
  using Type = __m128;
  static Type Zero() { return _mm_setzero_ps(); }
  static Type Load(const float* place) { return _mm_loadu_ps(place); }
  static Type Of(float value) { return _mm_set1_ps(value); }
  static Type FusedAdd(Type x, Type y, Type sum) { return _mm_fmadd_ps(x, y, sum); }
  static void Store(Type value, float* place) { _mm_storeu_ps(place, value); }
};
template <>
struct Vector<8> {
  using Type = __m256;
  static Type Zero() { return _mm256_setzero_ps(); }
  static Type Load(const float* place) { return _mm256_loadu_ps(place); }
  static Type Of(float value) { return _mm256_set1_ps(value); }
  static Type FusedAdd(Type x, Type y, Type sum) { return _mm256_fmadd_ps(x, y, sum); }
  static void Store(Type value, float* place) { _mm256_storeu_ps(place, value); }
};
#elif defined(__aarch64__)
template <>
struct Vector<4> {
  using Type = float32x4_t;
  static Type Zero() { return vdupq_n_f32(0); }
  static Type Load(const float* place) { return vld1q_f32(place); }
  static Type Of(float value) { return vdupq_n_f32(value); }
  static Type FusedAdd(Type x, Type y, Type sum) { return vfmaq_f32(sum, x, y); }
  static void Store(Type value, float* place) { vst1q_f32(place, value); }
};
#endif
#if FATHOM_KERNEL_LANES == 16
template <>
struct Vector<16> {
  using Type = __m512;
  static Type Zero() { return _mm512_setzero_ps(); }
  static Type Load(const float* place) { return _mm512_loadu_ps(place); }
  static Type Of(float value) { return _mm512_set1_ps(value); }
  static Type FusedAdd(Type x, Type y, Type sum) { return _mm512_fmadd_ps(x, y, sum); }
  static void Store(Type value, float* place) { _mm512_storeu_ps(place, value); }
};
#endif

// The tile of which the sums fit the registers: 32 of them, or 16 of which four are left for
// factors. No sum depends on it.
constexpr std::size_t kWidest = FATHOM_KERNEL_LANES;
constexpr std::size_t kTileRows = 6;
constexpr std::size_t kTileVectors = kWidest == 16 ? 4 : 2;

// kRows rows times kVectors vectors of columns of w, summed in registers. The last rows of `rows`
// may be repeated ones; only `kept` are stored.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
inline void RowsTile(const float* const* rows, const float* w, std::size_t k, std::size_t n,
                     std::size_t kept, float* out) {
  using V = Vector<kLanes>;
  typename V::Type sums[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) sums[r][v] = V::Zero();
  }
  for (std::size_t p = 0; p < k; ++p) {
    typename V::Type columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = V::Load(w + p * n + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto x = V::Of(rows[r][p]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[r][v] = V::FusedAdd(x, columns[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
    if (r >= kept) return;
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) V::Store(sums[r][v], out + r * n + v * kLanes);
  }
}

// The last rows, fewer than kRows: a tile of one row, or of half of them, where these are enough.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
void LastRowsTile(const float* const* rows, std::size_t left, const float* w, std::size_t k,
                  std::size_t n, float* out) {
  if (left == 1) return RowsTile<1, kVectors, kLanes>(rows, w, k, n, 1, out);
  const float* last[kRows];
  for (std::size_t r = 0; r < kRows; ++r) last[r] = rows[r < left ? r : left - 1];
  if (left <= kRows / 2) return RowsTile<kRows / 2, kVectors, kLanes>(last, w, k, n, left, out);
  RowsTile<kRows, kVectors, kLanes>(last, w, k, n, left, out);
}

// As many columns from `*column` on as fit; the rest are a narrower vector's.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
void RowsColumns(const float* const* rows, std::size_t count, const float* w, std::size_t k,
                 std::size_t n, float* out, std::size_t* column) {
  for (; *column + kVectors * kLanes <= n; *column += kVectors * kLanes) {
    const float* const weights = w + *column;
    float* const into = out + *column;
    std::size_t i = 0;
    for (; i + kRows <= count; i += kRows)
      RowsTile<kRows, kVectors, kLanes>(rows + i, weights, k, n, kRows, into + i * n);
    if constexpr (kRows > 1) {
      if (i < count)
        LastRowsTile<kRows, kVectors, kLanes>(rows + i, count - i, weights, k, n, into + i * n);
    }
  }
}

void Rows(const float* const* rows, std::size_t count, const float* w, std::size_t k, std::size_t n,
          float* out) {
  std::size_t column = 0;
  // One row, as of an example that is scored alone: the registers take more columns.
  if (count == 1) RowsColumns<1, 2 * kTileVectors, kWidest>(rows, count, w, k, n, out, &column);
  RowsColumns<kTileRows, kTileVectors, kWidest>(rows, count, w, k, n, out, &column);
  if constexpr (kTileVectors == 4)
    RowsColumns<8, kTileVectors / 2, kWidest>(rows, count, w, k, n, out, &column);
  RowsColumns<8, 1, kWidest>(rows, count, w, k, n, out, &column);
  if constexpr (kWidest > 8) RowsColumns<8, 1, 8>(rows, count, w, k, n, out, &column);
  if constexpr (kWidest > 4) RowsColumns<8, 1, 4>(rows, count, w, k, n, out, &column);
  if constexpr (kWidest > 1) RowsColumns<8, 1, 1>(rows, count, w, k, n, out, &column);
}

// kRows rows of out times kVectors vectors of its columns.
template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
inline void OuterTile(const float* const* a, const float* const* g, std::size_t count,
                      std::size_t row, std::size_t column, std::size_t n, bool add, float* out) {
  using V = Vector<kLanes>;
  typename V::Type sums[kRows][kVectors];
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v)
      sums[r][v] = add ? V::Load(out + r * n + v * kLanes) : V::Zero();
  }
  for (std::size_t i = 0; i < count; ++i) {
    const float* const left = a[i] + row;
    const float* const right = g[i] + column;
    typename V::Type columns[kVectors];
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) columns[v] = V::Load(right + v * kLanes);
#pragma GCC unroll 8
    for (std::size_t r = 0; r < kRows; ++r) {
      const auto x = V::Of(left[r]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < kVectors; ++v)
        sums[r][v] = V::FusedAdd(x, columns[v], sums[r][v]);
    }
  }
#pragma GCC unroll 8
  for (std::size_t r = 0; r < kRows; ++r) {
#pragma GCC unroll 8
    for (std::size_t v = 0; v < kVectors; ++v) V::Store(sums[r][v], out + r * n + v * kLanes);
  }
}

template <std::size_t kRows, std::size_t kVectors, std::size_t kLanes>
void OuterColumns(const float* const* a, const float* const* g, std::size_t count, std::size_t row,
                  std::size_t n, bool add, float* out, std::size_t* column) {
  for (; *column + kVectors * kLanes <= n; *column += kVectors * kLanes)
    OuterTile<kRows, kVectors, kLanes>(a, g, count, row, *column, n, add, out + *column);
}

template <std::size_t kRows>
void OuterRows(const float* const* a, const float* const* g, std::size_t count, std::size_t row,
               std::size_t n, bool add, float* out) {
  std::size_t column = 0;
  OuterColumns<kRows, kTileVectors, kWidest>(a, g, count, row, n, add, out, &column);
  OuterColumns<kRows, 1, kWidest>(a, g, count, row, n, add, out, &column);
  if constexpr (kWidest > 4) OuterColumns<kRows, 1, 4>(a, g, count, row, n, add, out, &column);
  if constexpr (kWidest > 1) OuterColumns<kRows, 1, 1>(a, g, count, row, n, add, out, &column);
}

void Outer(const float* const* a, const float* const* g, std::size_t count, std::size_t k,
           std::size_t n, bool add, float* out) {
  std::size_t row = 0;
  for (; row + kTileRows <= k; row += kTileRows)
    OuterRows<kTileRows>(a, g, count, row, n, add, out + row * n);
  for (; row + 4 <= k; row += 4) OuterRows<4>(a, g, count, row, n, add, out + row * n);
  for (; row < k; ++row) OuterRows<1>(a, g, count, row, n, add, out + row * n);
}

}  // namespace
}  // namespace fathom
