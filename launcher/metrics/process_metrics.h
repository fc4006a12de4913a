// What the kernel says of this process, under the names that Prometheus' clients share: process_*.
// Thread rule: any thread.
#pragma once

#include <prometheus/metric_family.h>

#include <vector>

namespace fathom {

// What the kernel does not tell is left out.
std::vector<prometheus::MetricFamily> ProcessMetrics();

}  // namespace fathom
