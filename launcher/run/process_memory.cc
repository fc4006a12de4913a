#include "launcher/run/process_memory.h"

#include <malloc.h>

#include <fstream>
#include <string>

namespace fathom {
namespace {

// A line of /proc/self/status, in kB there.
std::uint64_t StatusBytes(const std::string& name) {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.rfind(name, 0) == 0) return 1024 * std::stoull(line.substr(name.size()));
  }
  return 0;
}

}  // namespace

std::uint64_t ResidentMemory() { return StatusBytes("VmRSS:"); }

std::uint64_t PeakMemory() { return StatusBytes("VmHWM:"); }

void ForgetPeakMemory() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << "5";
}

}  // namespace fathom
