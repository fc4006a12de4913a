// How the roles of this process reach the others: in memory, by TCP, or by MPI's messages, as
// cluster.transport and the number of processes say.
//
// Thread rule: as Transport. Made and destroyed by the main thread.
#pragma once

#include <memory>
#include <vector>

#include "common/config/config.h"
#include "common/net/transport.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"

namespace fathom {

struct RunTransports {
  Layout layout;                                       // of the run, as these transports see it
  std::vector<Role> roles;                             // of this process
  std::vector<std::unique_ptr<Transport>> transports;  // one for all of them, or one each

  // The one of a role of this process.
  Transport& of(const Role& role) const {
    return *transports[transports.size() == 1 ? 0 : role.id];
  }
};

// Every rank calls this with the same config; it returns when all are connected. Throws
// Error(kUsage) where this transport does not go with this number of processes, Error(kPeer) where
// a rank cannot be reached.
RunTransports ConnectRoles(const Config& config, const Layout& layout, MpiSession& mpi);

}  // namespace fathom
