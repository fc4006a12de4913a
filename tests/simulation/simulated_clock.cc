#include "tests/simulation/simulated_clock.h"

#include <algorithm>

namespace fathom::simulation {
namespace {

Clock::time_point now{std::chrono::hours(1)};

}  // namespace

void AdvanceClock(Clock::time_point to) { now = std::max(now, to); }

// std::chrono::steady_clock::now(), by the linker's --wrap.
extern "C" Clock::time_point __wrap__ZNSt6chrono3_V212steady_clock3nowEv();
extern "C" Clock::time_point __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
  return now += std::chrono::microseconds(1);
}

}  // namespace fathom::simulation
