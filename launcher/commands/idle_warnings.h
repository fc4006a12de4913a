// Tells the person who started a command what does nothing in it: settings that they wrote, hosts
// that a batch system gave.
#pragma once

#include "common/config/config.h"
#include "common/schedule/layout.h"
#include "common/settings/given_keys.h"
#include "launcher/commands/commands.h"

namespace fathom {

// A warning in the log for each such setting, where `speaks` (rank 0). All ranks call this: a
// setting that can only be a mistake throws Error(kUsage) on all of them.
void WarnOfIdleSettings(const Config& config, const GivenKeys& given,
                        const ConfigArguments& arguments, const Layout& layout, bool speaks);

// A warning in the log where the batch system has given this job more hosts than the run uses.
void WarnOfIdleHosts(const Layout& layout);

}  // namespace fathom
