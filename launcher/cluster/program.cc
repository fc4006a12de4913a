#include "launcher/cluster/program.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <vector>

#include "common/xxh3.h"

namespace fathom {
namespace {

std::uint64_t ChecksumOfThisFile() {
  std::ifstream in("/proc/self/exe", std::ios::binary);
  std::vector<char> block(std::size_t{1} << 20);
  Xxh3Stream sum;
  while (in.read(block.data(), static_cast<std::streamsize>(block.size())) || in.gcount() > 0)
    sum.Add(std::as_bytes(std::span(block)).first(static_cast<std::size_t>(in.gcount())));
  return sum.Digest();
}

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
  return fmt::format("fathom {}, compiler {}, {}, file {:016x}; processor: {}", FATHOM_VERSION,
                     __VERSION__, Instructions(), ChecksumOfThisFile(), Processor());
}

}  // namespace fathom
