// A worker's side of the talk with the servers: pull the rows of a batch's keys, push gradients.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/message/messages.h"
#include "common/run/run_context.h"
#include "worker/batch/batch.h"
#include "worker/batch/pulled_rows.h"

namespace fathom {

// Every wait throws Error where a peer is lost, or silent for longer than the deadline (a server
// that says kAlive is not), and RunStopped where the run is ended early.
//
// Thread rule: Pull from any thread, the rest from the worker's own.
// The coordinator has ended the run before its last step: not a failure.
struct RunStopped {};

class RowClient {
 public:
  RowClient(const RunContext& context, int worker);

  // Asks every server for its rows of the batch's keys and, if wanted, for its range of the dense
  // parameters, as they are for batch->step, and notes in the batch which keys are whose.
  void Pull(Batch* batch) const;

  // Waits for the answers to this batch's pull. Dense parameters that were not asked for stay as
  // they were. The error names the server and the step.
  void Await(const Batch& batch, PulledRows* rows);

  // Sends each server its push for the step.
  void Push(std::uint64_t step, std::vector<Buffer> payloads);

  // Asks the coordinator what to do next, and takes its answer; with `wait` false, nothing where
  // it has not come yet.
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
