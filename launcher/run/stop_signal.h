// A run is asked to stop in order by a signal: SIGINT, SIGTERM or SIGUSR1 where it is one process,
// SIGUSR1 under mpirun, which passes it on to every rank (SIGINT and SIGTERM end an mpirun job at
// once). In one process a second SIGINT or SIGTERM ends it at once. A second SIGUSR1 does nothing.
//
// Thread rule: Listen from the main thread, before others start; Asked from any.
#pragma once

namespace fathom {

class StopSignal {
 public:
  // From now on until the end of the process.
  static void Listen(bool under_mpirun);

  // The signal that came first, or 0.
  static int Asked();
};

}  // namespace fathom
