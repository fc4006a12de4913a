#include "launcher/cluster/program.h"

#include <fmt/format.h>

#include <cstdlib>

#include "common/file/durable_file.h"
#include "common/xxh3.h"

namespace fathom {
namespace {

constexpr const char* Instructions() {
#if defined(__AVX512F__)
  return "AVX-512";
#elif defined(__AVX2__)
  return "AVX2";
#else
  return "no AVX";
#endif
}

// What the library of matrix products goes by when it chooses among its own.
std::string Processor() {
  std::string text;
#if defined(__x86_64__)
  text = __builtin_cpu_supports("avx512f") ? "AVX-512"
         : __builtin_cpu_supports("avx2")  ? "AVX2"
                                           : "no AVX";
#endif
  for (const char* name : {"ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA"}) {
    if (const char* const value = std::getenv(name)) text += fmt::format(", {}={}", name, value);
  }
  return text;
}

}  // namespace

std::string ProgramText() {
  const Buffer file = ReadFile("/proc/self/exe", "mount /proc");
  return fmt::format("fathom {}, compiler {}, {}, file {:016x}; processor: {}", FATHOM_VERSION,
                     __VERSION__, Instructions(), Xxh3(file.bytes()), Processor());
}

}  // namespace fathom
