// A frame on its way out or in over MPI: its header is one message, its payload follows in pieces.
//
// Thread rule: the thread that makes the calls of MPI. A message stays where it is while it is on
// its way. Failure: Error(kPeer), in MPI's words where a call of MPI fails.
#pragma once

#include <mpi.h>

#include <array>
#include <vector>

#include "common/net/frame.h"

namespace fathom {

inline constexpr int kMpiHeaderTag = 1;
inline constexpr int kMpiPayloadTag = 2;

class MpiOutgoing {
 public:
  explicit MpiOutgoing(Frame frame) : frame_(std::move(frame)) {}

  // Encodes the header, and begins to send it and the payload.
  void Start(int rank, MPI_Comm comm);

  bool Complete();

 private:
  std::array<std::byte, kFrameHeaderBytes> header_;
  Frame frame_;
  std::vector<MPI_Request> requests_;
};

class MpiIncoming {
 public:
  using Header = std::array<std::byte, kFrameHeaderBytes>;

  // A frame from this rank whose header has come. Throws where the header makes no sense.
  MpiIncoming(const Header& header, int rank, MPI_Comm comm);

  const Frame& frame() const { return frame_; }

  // Begins to receive what has come of the payload, and says whether that is all of it. Frames of
  // one rank are asked in their order, and none before all of the one before it has come. Memory is
  // taken for a piece once MPI has it, of the size that the header promises. Sets *moved where a
  // piece has come.
  bool TakePieces(bool* moved);

  // Whether all is there.
  bool Complete();

  // Once it is: the frame. Throws where it was altered.
  Frame Take();

 private:
  bool PieceIsHere();

  Header header_;
  Frame frame_;
  int rank_;
  MPI_Comm comm_;
  std::size_t payload_bytes_;
  std::size_t begun_bytes_ = 0;  // of pieces that are here or on their way
  MPI_Request piece_ = MPI_REQUEST_NULL;
};

}  // namespace fathom
