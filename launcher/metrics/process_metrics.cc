#include "launcher/metrics/process_metrics.h"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "common/process/process_stat.h"

namespace fathom {
namespace {

void AddProcessMetric(const char* name, const char* help, bool counts, double value,
                      std::vector<prometheus::MetricFamily>* families) {
  prometheus::MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  prometheus::ClientMetric metric;
  (counts ? metric.counter.value : metric.gauge.value) = value;
  family.metric.push_back(metric);
  families->push_back(std::move(family));
}

// When the machine was booted, in seconds since 1970: btime of /proc/stat (proc(5)). 0: not told.
double BootTime() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    double seconds = 0;
    if (word == "btime" && in >> seconds) return seconds;
  }
  return 0;
}

double OpenFiles() {
  std::error_code error;
  double count = 0;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return error ? -1 : count - 1;  // one is the listing's own
}

}  // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics() {
  std::vector<prometheus::MetricFamily> families;
  rusage used{};
  if (getrusage(RUSAGE_SELF, &used) == 0) {
    const auto seconds = [](const timeval& time) {
      return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    AddProcessMetric("process_cpu_seconds_total", "User and system CPU time.", true,
                     seconds(used.ru_utime) + seconds(used.ru_stime), &families);
  }
  std::ifstream statm("/proc/self/statm");  // in pages: all, resident
  double pages = 0, resident = 0;
  if (statm >> pages >> resident) {
    const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));
    AddProcessMetric("process_virtual_memory_bytes", "Virtual memory.", false, pages * page_bytes,
                     &families);
    AddProcessMetric("process_resident_memory_bytes", "Resident memory.", false,
                     resident * page_bytes, &families);
  }
  const double files = OpenFiles();
  if (files >= 0)
    AddProcessMetric("process_open_fds", "Open file descriptors.", false, files, &families);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    AddProcessMetric("process_max_fds", "The most file descriptors.", false,
                     static_cast<double>(limit.rlim_cur), &families);
  const auto stat = ProcessStat::Of(getpid());
  const double boot = BootTime();
  if (stat && boot > 0)
    AddProcessMetric(
        "process_start_time_seconds", "When the process began, since 1970.", false,
        boot + static_cast<double>(stat->start) / static_cast<double>(sysconf(_SC_CLK_TCK)),
        &families);
  return families;
}

}  // namespace fathom
