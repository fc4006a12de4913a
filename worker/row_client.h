// A worker's side of the talk with the servers: pull the rows of a batch's keys, push gradients.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/run_context.h"
#include "worker/batch.h"
#include "worker/pulled_rows.h"

namespace fathom {

// Thread rule: the worker's own thread.
class RowClient {
 public:
  RowClient(const RunContext& context, int worker);

  // Asks every server for its rows of the batch's keys and, if training, for its range of the
  // dense parameters, as they are once `version` steps are in the model. One pull at a time.
  enum class Purpose { kTrain, kEvaluate };
  void Pull(const Batch& batch, std::uint64_t version, Purpose purpose, bool wants_dense);

  // Waits for the answers to the last pull. Dense parameters that were not asked for stay as they
  // were. Throws Error: a peer lost, or silent for twice the deadline (names the server and step).
  void Await(PulledRows* rows);

  // Sends each server its push for the step.
  void Push(std::uint64_t step, std::vector<Buffer> payloads);

  // The keys of a table that server s owns: places [KeyBegin(t, s), KeyBegin(t, s + 1)).
  std::size_t KeyBegin(std::size_t table, int server) const {
    return key_begins_[table][static_cast<std::size_t>(server)];
  }

  // Waits for the run's end: kStop.
  void AwaitStop();

 private:
  Frame Next(Deadline deadline, const std::string& awaited);
  void CopyRows(const Frame& frame, int server, PulledRows* rows) const;
  std::string Silent(const std::vector<bool>& answered) const;

  const RunContext& context_;
  RoleId role_;
  Mailbox& mailbox_;
  std::uint64_t version_ = 0;
  bool wants_dense_ = false;
  std::vector<std::vector<std::size_t>> key_begins_;  // [tables][servers + 1]
};

}  // namespace fathom
