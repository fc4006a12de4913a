// The environment as launchers and batch systems leave it for their processes. Given as a function,
// so that what reads it can be tested.
#pragma once

#include <functional>
#include <string>

namespace fathom {

// The value of a variable; null: not set.
using EnvironmentReader = std::function<const char*(const char* name)>;

// Of this process.
const char* ReadEnvironment(const char* name);

// A variable that counts something; 0: not set, or no number.
int CountIn(const EnvironmentReader& read, const char* name);

}  // namespace fathom
