#include <Eigen/Core>

#include "worker/model/matrix_product.h"

namespace fathom {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using ConstMap = Eigen::Map<const Matrix>;
using Map = Eigen::Map<Matrix>;

// Bytes of level 1, 2 and 3: of a current server core, and its share of the last level. Pinned, so
// that Eigen's blocking, and with it the order of the sums, does not depend on the machine.
constexpr std::ptrdiff_t kCacheBytes[] = {32 << 10, 1 << 20, 4 << 20};

[[maybe_unused]] const bool kPinned = [] {
  Eigen::setCpuCacheSizes(kCacheBytes[0], kCacheBytes[1], kCacheBytes[2]);
  return true;
}();

}  // namespace

void Product(const float* a, const float* w, int m, int k, int n, float* out) {
  Map(out, m, n).noalias() = ConstMap(a, m, k) * ConstMap(w, k, n);
}

void TransposedLeftProduct(const float* a, const float* g, int m, int k, int n, float* out) {
  Map(out, k, n).noalias() = ConstMap(a, m, k).transpose() * ConstMap(g, m, n);
}

void TransposedRightProduct(const float* g, const float* w, int m, int k, int n, float* out) {
  Map(out, m, k).noalias() = ConstMap(g, m, n) * ConstMap(w, k, n).transpose();
}

}  // namespace fathom
