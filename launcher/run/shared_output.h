// Whether the ranks of a job see one output folder (output.shared). On a cluster without a file
// system that all hosts share, rank 0's holds the checkpoints and the model; the others have
// folders of that name for their logs and packed data.
#pragma once

#include "common/config/config.h"
#include "launcher/cluster/mpi_session.h"

namespace fathom {

// Whether this rank sees rank 0's output.dir. Every rank calls this, and has a folder of that name.
// With output.shared = "auto" rank 0 makes a folder in it whose name nobody can guess, and the
// others look for it; rank 0 says in the log who does not see it, and where those log. Throws
// Error(kUsage) where the setting says "yes" and a rank does not see it.
bool SeesOutput(const Config& config, MpiSession& mpi);

}  // namespace fathom
