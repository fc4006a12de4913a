#include "launcher/cluster/mpi_message.h"

#include <algorithm>

namespace fathom {
namespace {

constexpr std::size_t kPieceBytes = std::size_t{64} << 20;

// Calls each(place, count) for the pieces of a payload.
template <typename Each>
void ForEachPiece(Buffer& payload, Each each) {
  for (std::size_t at = 0; at < payload.size(); at += kPieceBytes)
    each(payload.data() + at, static_cast<int>(std::min(kPieceBytes, payload.size() - at)));
}

}  // namespace

void MpiFrameMessage::StartSend(int rank, MPI_Comm comm) {
  EncodeHeader(frame, header);
  requests.reserve(2 + frame.payload.size() / kPieceBytes);
  const auto send = [&](std::byte* place, int count, int tag) {
    MPI_Isend(place, count, MPI_BYTE, rank, tag, comm, &requests.emplace_back());
  };
  send(header.data(), static_cast<int>(header.size()), kMpiHeaderTag);
  ForEachPiece(frame.payload,
               [&](std::byte* place, int count) { send(place, count, kMpiPayloadTag); });
}

void MpiFrameMessage::StartReceive(int rank, MPI_Comm comm) {
  ForEachPiece(frame.payload, [&](std::byte* place, int count) {
    MPI_Irecv(place, count, MPI_BYTE, rank, kMpiPayloadTag, comm, &requests.emplace_back());
  });
}

bool MpiFrameMessage::Complete() {
  int done = 0;
  MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
  return done != 0;
}

}  // namespace fathom
