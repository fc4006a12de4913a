// The command line of `fathom`.
#pragma once

#include "launcher/cluster/mpi_session.h"

namespace fathom {

// Parses and runs; returns the exit code. Throws Error as the commands do.
int RunCommandLine(int argc, char** argv, MpiSession& mpi);

}  // namespace fathom
