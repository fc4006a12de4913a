// Shared memory of Open MPI whose ranks are dead.
//
// Ranks of one host speak through files vader_segment.HOST.USER.JOB.RANK in /dev/shm. A rank that
// is killed leaves its own, of several megabytes, until the host starts anew. Thread rule: one
// thread.
#pragma once

#include <filesystem>

namespace fathom {

// Removes those of this user in `dir` that no process has open or mapped, in whatever container it
// is: the kernel says so (fcntl, F_SETLEASE). What cannot be removed stays. Returns how many went.
int RemoveLeftSegments(const std::filesystem::path& dir);

}  // namespace fathom
