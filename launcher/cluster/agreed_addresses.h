// The ranks of a job agree on the address at which each is reached (rank_addresses.h).
//
// Thread rule and failure as MpiSession; Error(kUsage) that names what the hosts have, where no
// network joins them.
#pragma once

#include <string>
#include <vector>

#include "launcher/cluster/mpi_session.h"

namespace fathom {

// The numeric address of each rank, by rank. All ranks call it together, each with its own
// cluster.interface.
std::vector<std::string> AgreeOnAddresses(const std::string& interface, MpiSession& mpi);

}  // namespace fathom
