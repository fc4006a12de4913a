// Against double precision; and each row's bits by itself, whatever rows stand beside it.
#include "worker/model/row_products.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "common/random.h"

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
};

TEST_P(RowProducts, MultiplyRows) {
  const auto [rows, k, n] = GetParam();
  const auto a = Floats(rows * k, 1), w = Floats(k * n, 2);
  const auto pointers = Pointers(a, rows, k);
  std::vector<float> out(rows * n, NAN);
  MultiplyRows(pointers, w.data(), k, n, out.data());
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t c = 0; c < n; ++c) {
      double sum = 0;
      for (std::size_t p = 0; p < k; ++p) sum += double{a[i * k + p]} * w[p * n + c];
      ASSERT_NEAR(out[i * n + c], sum, 1e-6 * static_cast<double>(k)) << i << ", " << c;
    }
    std::vector<float> alone(n);
    MultiplyRows({&pointers[i], 1}, w.data(), k, n, alone.data());
    ASSERT_TRUE(std::equal(alone.begin(), alone.end(), out.begin() + static_cast<long>(i * n)))
        << "row " << i << " alone has other bits";
  }
}

TEST_P(RowProducts, MultiplyOuter) {
  const auto [rows, k, n] = GetParam();
  const auto a = Floats(rows * k, 3), g = Floats(rows * n, 4);
  const auto left = Pointers(a, rows, k), right = Pointers(g, rows, n);
  std::vector<float> out(k * n, NAN);
  MultiplyOuter(left, right, k, n, false, out.data());
  for (std::size_t p = 0; p < k; ++p) {
    for (std::size_t c = 0; c < n; ++c) {
      double sum = 0;
      for (std::size_t i = 0; i < rows; ++i) sum += double{a[i * k + p]} * g[i * n + c];
      ASSERT_NEAR(out[p * n + c], sum, 1e-6 * static_cast<double>(rows));
    }
  }
  // In two pieces the additions are the same.
  if (rows < 2) return;
  const std::size_t half = rows / 2;
  std::vector<float> pieces(k * n);
  const std::span<const float*const> l(left), r(right);
  MultiplyOuter(l.first(half), r.first(half), k, n, false, pieces.data());
  MultiplyOuter(l.subspan(half), r.subspan(half), k, n, true, pieces.data());
  EXPECT_EQ(pieces, out);
}

INSTANTIATE_TEST_SUITE_P(Shapes, RowProducts,
                         ::testing::Values(RowShape{1, 1, 1}, RowShape{5, 3, 7},
                                           RowShape{24, 16, 256}, RowShape{25, 16, 112},
                                           RowShape{13, 256, 16}, RowShape{17, 100, 40},
                                           RowShape{7, 5, 129}));

}  // namespace
}  // namespace fathom
