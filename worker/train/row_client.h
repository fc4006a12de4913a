// A worker's side of the requests to the servers and to the coordinator: pull the rows of a batch's
// keys, push gradients, ask for the next order.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/message/step_order.h"
#include "common/run/run_context.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

// Thrown by a wait when the coordinator has ended the run before its last step. Not a failure.
struct RunStopped {};

// Thread rule: Pull from any thread, the rest from the worker's own.
//
// Failure: a wait throws Error where a peer is lost, a frame makes no sense, or nothing at all
// comes within some multiple of cluster.timeout_seconds: twice for rows, four times for an order
// and for the end. A kAlive of a server that reads or writes files begins that time anew.
class RowClient {
 public:
  RowClient(const RunContext& context, int worker);

  // Asks every server for its rows of the batch's keys and, if wanted, for its range of the dense
  // parameters, as they are for batch->step, and writes into the batch which keys are whose. Does
  // not wait.
  void Pull(Batch* batch) const;

  // Waits for the answers to this batch's pull. Dense parameters that were not asked for stay as
  // they were. The error names the servers that have not answered and the step. Throws RunStopped.
  void Await(const Batch& batch, PulledRows* rows);

  // Sends each server its push for the step.
  void Push(std::uint64_t step, std::vector<Buffer> payloads);

  // Asks the coordinator what to do next, and takes its answer. With `wait` false, nothing if it
  // has not come yet. TakeOrder throws RunStopped.
  void AskForOrder() const;
  std::optional<StepOrder> TakeOrder(bool wait);

  // Waits for the run's end: kStop.
  void AwaitStop();

 private:
  void ReceiveWithin(int deadlines);
  bool Receive(Deadline deadline);
  [[noreturn]] void FailSilent() const;
  std::optional<Frame> TakeRows(const Batch& batch);
  void CopyRows(const Frame& frame, const Batch& batch, int server, PulledRows* rows) const;
  std::string Silent(std::uint64_t step, const std::vector<bool>& answered) const;

  const RunContext& context_;
  RoleId role_;
  Mailbox& mailbox_;
  StageRecorder& recorder_;  // of the worker's own thread
  std::deque<Frame> rows_;   // that came before they were awaited
  std::deque<StepOrder> orders_;
  std::string awaited_ = "orders";  // for messages
};

}  // namespace fathom
