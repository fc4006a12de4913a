// Makes the worker's training batches one ahead of their use, in a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include "common/config.h"
#include "common/schedule.h"
#include "worker/batch.h"
#include "worker/epoch_order.h"

namespace fathom {

class BatchPrefetch {
 public:
  BatchPrefetch(const Config& config, const ModelSpec& spec, const Schedule& schedule,
                const PackedData& data, int worker, int workers);
  ~BatchPrefetch();

  // The worker's part of the next step, from step 0 on. Blocks until it is ready: local work, with
  // no peer to wait for. Rethrows what went wrong in making it. `used` is filled anew.
  std::unique_ptr<Batch> Next(std::unique_ptr<Batch> used);

 private:
  void Loop();
  void Make(std::uint64_t step, Batch* batch);

  const Config& config_;
  const Schedule& schedule_;
  BatchBuilder builder_;
  std::optional<EpochOrder> order_;  // of the epoch at hand; the thread's own
  std::uint64_t order_epoch_ = 0;
  int worker_;
  int workers_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::unique_ptr<Batch> ready_;
  std::unique_ptr<Batch> spare_;
  std::exception_ptr failure_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace fathom
