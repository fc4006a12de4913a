#include "worker/model/matrix_product.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

#include "common/random.h"

namespace fathom {
namespace {

using Matrix = std::vector<float>;

Matrix Random(int rows, int columns, std::uint64_t seed) {
  Matrix matrix(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (std::size_t i = 0; i < matrix.size(); ++i) {
    matrix[i] = static_cast<float>(2 * UnitDouble(Mix64(seed, i)) - 1);
  }
  return matrix;
}

struct Shape {
  int m, k, n;
};
constexpr Shape kShapes[] = {{1, 1, 1}, {3, 5, 7}, {17, 16, 1}, {64, 96, 50}, {256, 48, 128}};

template <typename Element>
void ExpectNear(const Matrix& out, int rows, int columns, int inner, Element element) {
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      double sum = 0;
      for (int i = 0; i < inner; ++i) sum += element(r, c, i);
      ASSERT_NEAR(out[static_cast<std::size_t>(r * columns + c)], sum,
                  1e-5 * std::sqrt(inner) + 1e-6);
    }
  }
}

TEST(MatrixProduct, AllThreeAgainstTheDefinition) {
  for (const auto [m, k, n] : kShapes) {
    const Matrix a = Random(m, k, 1), w = Random(k, n, 2), g = Random(m, n, 3);
    const auto at = [](const Matrix& x, int row, int column, int columns) {
      return static_cast<double>(x[static_cast<std::size_t>(row * columns + column)]);
    };
    Matrix out(static_cast<std::size_t>(m * n)), left(static_cast<std::size_t>(k * n)),
        right(static_cast<std::size_t>(m * k));
    Product(a.data(), w.data(), m, k, n, out.data());
    ExpectNear(out, m, n, k,
               [&, k = k, n = n](int r, int c, int i) { return at(a, r, i, k) * at(w, i, c, n); });
    TransposedLeftProduct(a.data(), g.data(), m, k, n, left.data());
    ExpectNear(left, k, n, m,
               [&, k = k, n = n](int r, int c, int i) { return at(a, i, r, k) * at(g, i, c, n); });
    TransposedRightProduct(g.data(), w.data(), m, k, n, right.data());
    ExpectNear(right, m, k, n,
               [&, n = n](int r, int c, int i) { return at(g, r, i, n) * at(w, c, i, n); });
  }
}

// The bits must not depend on where the arrays lie, nor on the thread.
TEST(MatrixProduct, SameBitsAtAnyAddressAndOnAnyThread) {
  constexpr Shape kShape{64, 96, 50};
  const Matrix a = Random(kShape.m, kShape.k, 1), w = Random(kShape.k, kShape.n, 2);
  Matrix expected(static_cast<std::size_t>(kShape.m * kShape.n));
  Product(a.data(), w.data(), kShape.m, kShape.k, kShape.n, expected.data());
  const auto expect_same = [&](std::size_t shift) {
    Matrix moved_a(a.size() + shift), moved_w(w.size() + 2 * shift), out(expected.size() + shift);
    std::memcpy(moved_a.data() + shift, a.data(), a.size() * sizeof(float));
    std::memcpy(moved_w.data() + 2 * shift, w.data(), w.size() * sizeof(float));
    Product(moved_a.data() + shift, moved_w.data() + 2 * shift, kShape.m, kShape.k, kShape.n,
            out.data() + shift);
    EXPECT_EQ(std::memcmp(out.data() + shift, expected.data(), expected.size() * sizeof(float)), 0)
        << shift;
  };
  for (std::size_t shift = 0; shift < 16; ++shift) expect_same(shift);
  std::thread other([&] { expect_same(3); });
  other.join();
}

}  // namespace
}  // namespace fathom
