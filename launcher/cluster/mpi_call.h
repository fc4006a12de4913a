// What calls of MPI return. The communicators of this room return errors (MPI_ERRORS_RETURN), and
// every return code is read.
//
// Thread rule: the thread that makes the calls of MPI.
#pragma once

#include <mpi.h>

#include <cstddef>

namespace fathom {

// What is longer goes in several messages: MPI counts in int.
inline constexpr std::size_t kMpiPieceBytes = std::size_t{64} << 20;

// Throws Error(kPeer) that names the call, in MPI's own words, where the code is not MPI_SUCCESS.
// `call` is the function's name.
void CheckMpi(int code, const char* call);

// How many bytes came: negative where MPI cannot say.
int MpiBytesOf(const MPI_Status& status);

}  // namespace fathom
