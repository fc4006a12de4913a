// Makes the worker's training batches ahead of their use, in a thread of its own, and asks for
// their rows as soon as their keys are known.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "common/config/config.h"
#include "common/profile/stage_recorder.h"
#include "common/schedule/schedule.h"
#include "worker/batch/batch.h"
#include "worker/data/epoch_order.h"

namespace fathom {

class BatchPrefetch {
 public:
  // Makes part `part` of `parts` of each batch. `pull(batch)` is called on the prefetch thread
  // when a batch is made.
  BatchPrefetch(const Config& config, const ModelSpec& spec, const Schedule& schedule,
                const ExampleSource& data, int part, int parts, std::function<void(Batch*)> pull,
                StageRecorder& recorder);
  ~BatchPrefetch();

  // Begins to make the part of this step. At most two may be begun and not taken.
  void Start(std::uint64_t step);

  // The earliest begun, when it is made: local work, with no peer to wait for. Rethrows what went
  // wrong in making it. `used` is filled anew later.
  std::unique_ptr<Batch> Next(std::unique_ptr<Batch> used);

 private:
  void Loop();
  void Make(std::uint64_t step, Batch* batch);

  const Config& config_;
  const Schedule& schedule_;
  BatchBuilder builder_;
  std::optional<EpochOrder> order_;  // of the epoch at hand; the thread's own
  std::uint64_t order_epoch_ = 0;
  int part_;
  int parts_;
  std::function<void(Batch*)> pull_;
  StageRecorder& recorder_;  // of the prefetch thread

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint64_t> begun_;
  std::deque<std::unique_ptr<Batch>> made_;
  std::deque<std::unique_ptr<Batch>> spare_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fathom
