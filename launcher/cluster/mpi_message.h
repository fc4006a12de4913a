// A frame on its way out or in over MPI: its header is one message, its payload follows in pieces.
//
// Thread rule: the thread that makes the calls of MPI. A message stays where it is while it is on
// its way.
#pragma once

#include <mpi.h>

#include <array>
#include <vector>

#include "common/net/frame.h"

namespace fathom {

inline constexpr int kMpiHeaderTag = 1;
inline constexpr int kMpiPayloadTag = 2;

struct MpiFrameMessage {
  std::array<std::byte, kFrameHeaderBytes> header;
  Frame frame;
  std::vector<MPI_Request> requests;

  // Encodes the header, and sends it and the payload.
  void StartSend(int rank, MPI_Comm comm);

  // The payload, whose size is known from the header.
  void StartReceive(int rank, MPI_Comm comm);

  bool Complete();
};

}  // namespace fathom
