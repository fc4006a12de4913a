#include "launcher/cluster/mpi_alarm.h"

#include <signal.h>
#include <unistd.h>

#include <cmath>

#include "common/error.h"
#include "common/terminal.h"

namespace fathom {
namespace {

void OnAlarm(int) {
  constexpr char kText[] =
      "fathom: MPI waited for all ranks beyond the deadline while starting or ending: another rank "
      "is gone or stopped, or Open MPI's own connections between the hosts are blocked (mpirun "
      "--mca btl_tcp_if_include and oob_tcp_if_include name its network); see the logs of the "
      "others. MPI's start has 30 s, its end cluster.timeout_seconds\n";
  WriteFatalMessage(kText);
  _exit(static_cast<int>(ExitCode::kPeer));
}

}  // namespace

MpiAlarm::MpiAlarm(double seconds) {
  signal(SIGALRM, OnAlarm);
  alarm(static_cast<unsigned>(std::ceil(seconds)));
}

MpiAlarm::~MpiAlarm() { alarm(0); }

}  // namespace fathom
