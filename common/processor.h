// Which vector instructions hand-written kernels use in this process. Results do not depend on it.
// (Loops that the compiler makes vectors of: vector_clones.h.)
//
// Thread rule: any thread.
#pragma once

namespace fathom {

enum class Vectors { kPortable, kAvx2, kAvx512 };  // portable: on AArch64, NEON

// What the environment's FATHOM_KERNELS calls it: portable, avx2, avx512.
const char* NameOf(Vectors vectors);

// The widest that the processor has.
Vectors WidestVectors();

// These; or, to try others, what the environment's FATHOM_KERNELS
// names. Throws Error(kUsage) where the processor has not what it names.
Vectors ChosenVectors();

}  // namespace fathom
