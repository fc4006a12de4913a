// A function that fits its loops to the processor where it runs.
//
// FATHOM_VECTOR_CLONES stands before a function's definition. g++ then compiles the function, and
// what is inlined into it, three times: for the vectors of any x86-64, for those of AVX2 and for
// those of AVX-512. The loader takes the widest that the processor has. Every element is computed
// with the same operations, each rounded by itself (-ffp-contract=off), so results do not differ.
// Not for virtual functions, which g++ cannot clone. It is empty for other compilers and
// processors, and under sanitizers, which start up after the loader has called what chooses.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FATHOM_VECTOR_CLONES \
  __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define FATHOM_VECTOR_CLONES
#endif
