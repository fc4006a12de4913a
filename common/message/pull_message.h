// worker -> server (kPull): which rows it wants, and whether the dense parameters too. The arrays
// of a decoded message are views into its payload.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "common/buffer.h"
#include "common/key.h"
#include "common/partitions.h"

namespace fathom {

// frame.step: the batch that the worker will train on these rows, or the version of the model that
// it will evaluate. The server answers once its rows are fit for that: in sync mode when they hold
// exactly `step` steps, else as server/service/pull_gate.h says.
//   payload   flags u32 (1: will_push, 2: wants_dense) | tables u32 | each table
//   a table   count u64 | keys u64[count]
// A table's keys are unique, ascending, and all in the server's partitions: checked by the decoder.
struct PullMessage {
  bool will_push = false;                  // training: a push that refers to these keys follows
  bool wants_dense = false;                // also send the server's range of the dense parameters
  std::vector<std::span<const Key>> keys;  // by table; in a decoded message views into the payload
};
Buffer EncodePull(const PullMessage& message);
// Throws Error(kPeer): another number of tables, unknown flags, keys that do not ascend or are not
// this server's, a count beyond the payload, bytes left over.
PullMessage DecodePull(std::span<const std::byte> payload, std::size_t tables, Partitions cut,
                       int server, int servers);

}  // namespace fathom
