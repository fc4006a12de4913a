// Plays the roles that the layout gives to this process, each in a thread of its own, until the
// run is over or one of them fails.
#pragma once

#include "common/run/run_context.h"
#include "launcher/coordinator/coordinator.h"
#include "launcher/run/run_transports.h"
#include "worker/data/example_source.h"

namespace fathom {

struct RoleInputs {
  const ExampleSource* train = nullptr;
  const ExampleSource* evaluation = nullptr;
  CoordinatorInputs coordinator;
};

// Plays `here.roles`, each through its transport of `here`. A role that throws tells every other
// role (kFailed) before its thread ends, so all end; what is thrown here is then the first failure:
// that of a role of this process, or the text of the remote one. Returns the coordinator's result
// where the coordinator is one of the roles.
CoordinatorResult PlayRoles(const RunFacts& facts, const RunTransports& here, RoleInputs inputs);

}  // namespace fathom
