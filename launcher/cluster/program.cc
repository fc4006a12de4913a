#include "launcher/cluster/program.h"

#include <fmt/format.h>

#include "common/file/durable_file.h"
#include "common/xxh3.h"

namespace fathom {

std::string ProgramText() {
  const Buffer file = ReadFile("/proc/self/exe", "mount /proc");
  return fmt::format("fathom {}, compiler {}, file {:016x}", FATHOM_VERSION, __VERSION__,
                     Xxh3(file.bytes()));
}

}  // namespace fathom
