#include "launcher/coordinator/final_report.h"

namespace fathom {

std::uint64_t TotalBytes(const std::vector<ProcessPeak>& peaks) {
  std::uint64_t sum = 0;
  for (const ProcessPeak& peak : peaks) sum += peak.bytes;
  return sum;
}

}  // namespace fathom
