// How many files and connections a process may have open (RLIMIT_NOFILE).
//
// Thread rule: any thread. Failure: Error(kUsage).
#pragma once

#include <cstddef>
#include <string>

namespace fathom {

// Makes sure that so many more can be opened: raises this process's limit as far as the system
// allows, and where that is not enough says so before they run out. `what` needs them.
void AllowDescriptors(std::size_t more, const std::string& what);

}  // namespace fathom
