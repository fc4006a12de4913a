// What may take longer than a deadline calls this now and then, so that those who wait can be told
// that it is at work.
#pragma once

#include <cstddef>
#include <functional>

namespace fathom {

using Alive = std::function<void()>;

// Where nobody waits.
inline void SayNothing() {}

// Rows that are gone through between two calls: a slow disk takes seconds for these.
inline constexpr std::size_t kRowsBetweenSigns = 4096;

}  // namespace fathom
