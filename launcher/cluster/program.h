// Which program a process runs and on what, to tell ranks apart that would train another model.
#pragma once

#include <string>

namespace fathom {

// Version, compiler, vector instructions, and a checksum of the executable file; the processor's
// widest vectors, since matrix products are rounded by them. Throws Error(kModel) without /proc.
std::string ProgramText();

}  // namespace fathom
