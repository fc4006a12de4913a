#include "common/process/descriptor_limit.h"

#include <sys/resource.h>

#include <filesystem>
#include <iterator>

#include "common/error.h"

namespace fathom {
namespace {

// 0 where the kernel does not tell.
std::size_t OpenDescriptors() {
  std::error_code none;
  const std::filesystem::directory_iterator all("/proc/self/fd", none);
  return none ? 0 : static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace

void AllowDescriptors(std::size_t more, const std::string& what) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const std::size_t open = OpenDescriptors();
  const rlim_t needed = open + more;
  if (limit.rlim_cur >= needed) return;
  if (limit.rlim_max >= needed) {
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  }
  Fail(ExitCode::kUsage,
       "{} {} more open files and connections, but this process has {} and may have {}: raise the "
       "limit (ulimit -n {}) where it is started, on every host (/etc/security/limits.conf, or "
       "LimitNOFILE of the service that starts it)",
       what, more, open, limit.rlim_max, needed);
}

}  // namespace fathom
