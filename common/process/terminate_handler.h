// What a process prints when no handler catches an exception: one that leaves a thread, or one
// that is thrown while a destructor runs, such as a library's bad_alloc. Thread rule: both
// functions from the main thread, before other threads start.
#pragma once

namespace fathom {

// From now on such an end prints what was thrown and ends the process with ExitCode::kTraining
// instead of a core dump. Under mpirun that ends the job. Needs no memory to do it.
void InstallTerminateHandler();

// The same where a page of a mapped file cannot be read (SIGBUS): the disk failed or is full, or
// another process cut the file short. To be called after MPI_Init: Open MPI warns of a handler of
// this signal that is there before it.
void InstallLostPageHandler();

}  // namespace fathom
