#include "launcher/commands/idle_warnings.h"

#include <set>
#include <string>

#include "common/log_line.h"
#include "common/settings/idle_settings.h"
#include "launcher/cluster/allocation.h"

namespace fathom {
namespace {

int HostsOf(const Layout& layout) {
  const std::set<std::string> hosts(layout.hosts.begin(), layout.hosts.end());
  return static_cast<int>(hosts.size());
}

}  // namespace

void WarnOfIdleSettings(const Config& config, const GivenKeys& given,
                        const ConfigArguments& arguments, const Layout& layout, bool speaks) {
  const Placement placement{.processes = layout.ranks(), .hosts = HostsOf(layout)};
  for (const std::string& text : IdleSettings(config, given, placement, arguments.file.string())) {
    if (speaks) LogWarning("{}", text);
  }
}

void WarnOfIdleHosts(const Layout& layout) {
  const std::string advice = IdleHostsAdvice(HostsOf(layout), ReadEnvironment);
  if (!advice.empty()) LogWarning("{}", advice);
}

}  // namespace fathom
