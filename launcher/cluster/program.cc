#include "launcher/cluster/program.h"

#include <fmt/format.h>

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

}  // namespace

std::string ProgramText() {
  const Buffer file = ReadFile("/proc/self/exe", "mount /proc");
  return fmt::format("fathom {}, compiler {}, {}, file {:016x}", FATHOM_VERSION, __VERSION__,
                     Instructions(), Xxh3(file.bytes()));
}

}  // namespace fathom
