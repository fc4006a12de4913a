// The folder that a run writes into.
#pragma once

#include <filesystem>

namespace fathom {

// Makes output.dir and those above it, where they are not there. Throws Error(kUsage) that names
// the setting where no folder can be made there.
void MakeOutputDir(const std::filesystem::path& dir);

// Before anything is written there. Throws Error(kUsage) that names what of the user's, or of
// another program's, has the name of a file or folder that this rank's training writes: a file
// where a folder goes, a folder where a file goes, a pipe that nobody reads.
void RefuseWhatIsInTheWay(const std::filesystem::path& dir, int rank);

}  // namespace fathom
