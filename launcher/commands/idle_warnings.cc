#include "launcher/commands/idle_warnings.h"

#include <set>
#include <string>

#include "common/run_log.h"
#include "common/settings/idle_settings.h"

namespace fathom {

void WarnOfIdleSettings(const Config& config, const GivenKeys& given,
                        const ConfigArguments& arguments, const Layout& layout, bool speaks) {
  const std::set<std::string> hosts(layout.hosts.begin(), layout.hosts.end());
  const Placement placement{.processes = layout.ranks(), .hosts = static_cast<int>(hosts.size())};
  for (const std::string& text : IdleSettings(config, given, placement, arguments.file.string())) {
    if (speaks) LogWarning("{}", text);
  }
}

}  // namespace fathom
