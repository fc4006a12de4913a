// What a process says when an exception finds nobody to catch it: one that leaves a thread, or one
// thrown while a destructor runs, such as bad_alloc within a library's.
#pragma once

namespace fathom {

// From now on such an end prints what was thrown and ends the process with ExitCode::kTraining
// instead of a core dump. Under mpirun that ends the job. Needs no memory to do it.
void InstallTerminateHandler();

// The same where a page of a mapped file cannot be read (SIGBUS): the disk failed or is full, or
// another process cut the file short. To be called after MPI_Init, which would take offence.
void InstallLostPageHandler();

}  // namespace fathom
