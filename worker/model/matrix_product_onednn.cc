#include <dnnl.h>
#include <omp.h>

#include "common/check.h"
#include "worker/model/matrix_product.h"

namespace fathom {
namespace {

// oneDNN would share a product among OpenMP's threads. A slice belongs to one thread: cores are
// kept busy by other slices.
void KeepToThisThread() {
  thread_local const bool kept = (omp_set_num_threads(1), true);
  (void)kept;
}

void Multiply(char transpose_a, char transpose_b, int rows, int columns, int inner, const float* a,
              int a_stride, const float* b, int b_stride, float* out) {
  KeepToThisThread();
  const dnnl_status_t status = dnnl_sgemm(transpose_a, transpose_b, rows, columns, inner, 1.0F, a,
                                          a_stride, b, b_stride, 0.0F, out, columns);
  FATHOM_CHECK(status == dnnl_success);
}

}  // namespace

void Product(const float* a, const float* w, int m, int k, int n, float* out) {
  Multiply('N', 'N', m, n, k, a, k, w, n, out);
}

void TransposedLeftProduct(const float* a, const float* g, int m, int k, int n, float* out) {
  Multiply('T', 'N', k, n, m, a, k, g, n, out);
}

void TransposedRightProduct(const float* g, const float* w, int m, int k, int n, float* out) {
  Multiply('N', 'T', m, k, n, g, n, w, n, out);
}

}  // namespace fathom
