// The products of rows for one kind of processor each. They differ in the width of their vectors
// and in nothing that can be seen in a result: every element of every output is one chain of fused
// multiply-adds in one order, which IEEE 754 fixes to the bit.
#pragma once

#include <cstddef>

#include "common/processor.h"

namespace fathom {

struct ProductKernels {
  // out[i] = rows[i] * w for `count` rows: see MultiplyRows.
  void (*rows)(const float* const* rows, std::size_t count, const float* w, std::size_t k,
               std::size_t n, float* out);
  // out (+)= sum over `count` i of transpose(a[i]) * g[i]: see MultiplyOuter.
  void (*outer)(const float* const* a, const float* const* g, std::size_t count, std::size_t k,
                std::size_t n, bool add, float* out);
};

// Where the processor has the instructions.
extern const ProductKernels kAvx512Kernels;
extern const ProductKernels kAvx2Kernels;
// std::fma, which any processor has or the C library computes; on AArch64, NEON.
extern const ProductKernels kPortableKernels;

const ProductKernels& KernelsFor(Vectors vectors);

// Those for the instructions that ChosenVectors names (common/processor.h); throws as it does.
const ProductKernels& ChosenKernels();

}  // namespace fathom
