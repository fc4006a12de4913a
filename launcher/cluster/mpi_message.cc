#include "launcher/cluster/mpi_message.h"

#include <algorithm>
#include <utility>

#include "common/error.h"
#include "launcher/cluster/mpi_call.h"

namespace fathom {

void MpiOutgoing::Start(int rank, MPI_Comm comm) {
  Buffer& payload = frame_.payload;
  EncodeHeader(frame_, header_);
  requests_.reserve(2 + payload.size() / kMpiPieceBytes);
  const auto send = [&](std::byte* place, std::size_t bytes, int tag) {
    CheckMpi(MPI_Isend(place, static_cast<int>(bytes), MPI_BYTE, rank, tag, comm,
                       &requests_.emplace_back(MPI_REQUEST_NULL)),
             "MPI_Isend");
  };
  send(header_.data(), header_.size(), kMpiHeaderTag);
  for (std::size_t at = 0; at < payload.size(); at += kMpiPieceBytes)
    send(payload.data() + at, std::min(kMpiPieceBytes, payload.size() - at), kMpiPayloadTag);
}

bool MpiOutgoing::Complete() {
  int done = 0;
  CheckMpi(
      MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE),
      "MPI_Testall");
  return done != 0;
}

MpiIncoming::MpiIncoming(const Header& header, int rank, MPI_Comm comm)
    : header_(header), rank_(rank), comm_(comm) {
  const FrameHeader decoded = DecodeHeader(header_);
  frame_.type = decoded.type;
  frame_.source = decoded.source;
  frame_.destination = decoded.destination;
  frame_.step = decoded.step;
  payload_bytes_ = decoded.payload_bytes;
}

bool MpiIncoming::TakePieces(bool* moved) {
  while (begun_bytes_ < payload_bytes_) {
    if (!PieceIsHere()) return false;  // the next may move it to another place
    int there = 0;
    MPI_Message piece = MPI_MESSAGE_NULL;
    MPI_Status status;
    CheckMpi(MPI_Improbe(rank_, kMpiPayloadTag, comm_, &there, &piece, &status), "MPI_Improbe");
    if (there == 0) return false;
    *moved = true;
    const int bytes = MpiBytesOf(status);
    const std::size_t promised = std::min(kMpiPieceBytes, payload_bytes_ - begun_bytes_);
    if (bytes < 0 || static_cast<std::size_t>(bytes) != promised) {
      Fail(ExitCode::kPeer, "{} bytes came of a payload of {}, where its next {} bytes are due",
           bytes, payload_bytes_, promised);
    }
    frame_.payload.Resize(begun_bytes_ + promised);
    CheckMpi(MPI_Imrecv(frame_.payload.data() + begun_bytes_, bytes, MPI_BYTE, &piece, &piece_),
             "MPI_Imrecv");
    begun_bytes_ += promised;
  }
  return true;
}

bool MpiIncoming::PieceIsHere() {
  int done = 0;
  CheckMpi(MPI_Test(&piece_, &done, MPI_STATUS_IGNORE), "MPI_Test");
  return done != 0;
}

bool MpiIncoming::Complete() { return begun_bytes_ == payload_bytes_ && PieceIsHere(); }

Frame MpiIncoming::Take() {
  CheckFrame(header_, std::as_const(frame_).payload.bytes());
  return std::move(frame_);
}

}  // namespace fathom
