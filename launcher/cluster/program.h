// Which program a process runs, to tell ranks apart that would train another model.
#pragma once

#include <string>

namespace fathom {

// Version, compiler, and a checksum of the executable file. Throws
// Error(kModel) without /proc.
std::string ProgramText();

}  // namespace fathom
