// Every element against its definition: one chain of std::fma, to the bit, by the instructions of
// each kind of processor that this one can play.
#include "worker/model/row_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/random.h"
#include "worker/model/product_kernels.h"

namespace fathom {
namespace {

struct RowShape {
  std::size_t rows, k, n;
};

class RowProducts : public ::testing::TestWithParam<RowShape> {
 protected:
  std::vector<float> Floats(std::size_t count, std::uint64_t seed) {
    std::vector<float> out(count);
    for (std::size_t i = 0; i < count; ++i)
      out[i] = static_cast<float>(UnitDouble(Mix64(seed, i)) - 0.5);
    return out;
  }
  static std::vector<const float*> Pointers(const std::vector<float>& values, std::size_t rows,
                                            std::size_t width) {
    std::vector<const float*> out;
    for (std::size_t i = 0; i < rows; ++i) out.push_back(values.data() + i * width);
    return out;
  }

  static std::vector<Vectors> VectorsHere() {
    std::vector<Vectors> here;
    for (const Vectors vectors : {Vectors::kPortable, Vectors::kAvx2, Vectors::kAvx512}) {
      if (vectors <= WidestVectors()) here.push_back(vectors);
    }
    return here;
  }
};

TEST_P(RowProducts, MultiplyRows) {
  const auto [rows, k, n] = GetParam();
  const auto a = Floats(rows * k, 1), w = Floats(k * n, 2);
  const auto pointers = Pointers(a, rows, k);
  std::vector<float> expected(rows * n);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < n; ++c) {
      float sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum = std::fma(a[i * k + p], w[p * n + c], sum);
      expected[i * n + c] = sum;
    }
  }
  for (const Vectors vectors : VectorsHere()) {
    const ProductKernels& kernels = KernelsFor(vectors);
    std::vector<float> out(rows * n, NAN);
    kernels.rows(pointers.data(), rows, w.data(), k, n, out.data());
    EXPECT_EQ(out, expected) << NameOf(vectors);
  }
  std::vector<float> chosen(rows * n, NAN);
  MultiplyRows(pointers, w.data(), k, n, chosen.data());
  EXPECT_EQ(chosen, expected);
}

TEST_P(RowProducts, MultiplyOuter) {
  const auto [rows, k, n] = GetParam();
  const auto a = Floats(rows * k, 3), g = Floats(rows * n, 4);
  const auto left = Pointers(a, rows, k), right = Pointers(g, rows, n);
  std::vector<float> expected(k * n);
  for (std::size_t p = 0; p < k; ++p) {
    for (std::size_t c = 0; c < n; ++c) {
      float sum = 0;
      for (std::size_t i = 0; i < rows; ++i) sum = std::fma(a[i * k + p], g[i * n + c], sum);
      expected[p * n + c] = sum;
    }
  }
  for (const Vectors vectors : VectorsHere()) {
    const ProductKernels& kernels = KernelsFor(vectors);
    std::vector<float> out(k * n, NAN);
    kernels.outer(left.data(), right.data(), rows, k, n, false, out.data());
    EXPECT_EQ(out, expected) << NameOf(vectors);
    // In two pieces the additions are the same.
    if (rows < 2) continue;
    const std::size_t half = rows / 2;
    std::vector<float> pieces(k * n, NAN);
    kernels.outer(left.data(), right.data(), half, k, n, false, pieces.data());
    kernels.outer(left.data() + half, right.data() + half, rows - half, k, n, true, pieces.data());
    EXPECT_EQ(pieces, expected) << NameOf(vectors);
  }
  std::vector<float> chosen(k * n, NAN);
  MultiplyOuter(left, right, k, n, false, chosen.data());
  EXPECT_EQ(chosen, expected);
}

INSTANTIATE_TEST_SUITE_P(Shapes, RowProducts,
                         ::testing::Values(RowShape{1, 1, 1}, RowShape{5, 3, 7},
                                           RowShape{24, 16, 256}, RowShape{25, 16, 112},
                                           RowShape{13, 256, 16}, RowShape{17, 100, 40},
                                           RowShape{7, 5, 129}, RowShape{19, 13, 1},
                                           RowShape{1, 64, 50}));

}  // namespace
}  // namespace fathom
