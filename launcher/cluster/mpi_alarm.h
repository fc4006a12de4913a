// Cuts off a call of MPI's that knows no deadline (MPI_Init, MPI_Finalize, MPI_Comm_dup wait for
// all ranks): the process ends with a message and ExitCode::kPeer if the call has not returned by
// then.
//
// Thread rule: one at a time in a process.
#pragma once

namespace fathom {

class MpiAlarm {
 public:
  explicit MpiAlarm(double seconds);
  ~MpiAlarm();
  MpiAlarm(const MpiAlarm&) = delete;
  MpiAlarm& operator=(const MpiAlarm&) = delete;
};

}  // namespace fathom
