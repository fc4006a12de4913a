// What `fathom train` says of a run that has come to its end.
#pragma once

#include <string>

#include "common/config/config.h"
#include "launcher/coordinator/final_report.h"

namespace fathom {

std::string SummaryText(const Config& config, const FinalReport& report);

}  // namespace fathom
