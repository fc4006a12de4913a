#include "launcher/cluster/mpi_call.h"

#include <string>

#include "common/error.h"

namespace fathom {

void CheckMpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = {};
  int length = 0;
  if (MPI_Error_string(code, text, &length) != MPI_SUCCESS) length = 0;
  Fail(ExitCode::kPeer,
       "{} failed with code {} ({}): MPI itself is at fault, or a rank or the network is; see the "
       "logs of the other ranks, and mpirun's output",
       call, code, std::string_view(text, static_cast<std::size_t>(length)));
}

int MpiBytesOf(const MPI_Status& status) {
  int bytes = 0;
  CheckMpi(MPI_Get_count(&status, MPI_BYTE, &bytes), "MPI_Get_count");
  return bytes;
}

}  // namespace fathom
