// The clock that every wait of a role goes by.
#pragma once

#include <chrono>

namespace fathom {

using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;

inline double Seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace fathom
