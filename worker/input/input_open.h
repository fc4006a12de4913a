// Opens what can be read only once.
#pragma once

#include <filesystem>

#include "common/file/descriptor.h"

namespace fathom {

// The descriptor of this process that "-", /dev/stdin or /dev/fd/N names; -1: the name of a file.
int NamedDescriptor(const std::filesystem::path& file);

// For reading; waits for a FIFO's writer. get() is -1 where that failed, and errno says why.
Descriptor OpenOnce(const std::filesystem::path& file);

}  // namespace fathom
