#include "worker/batch_prefetch.h"

#include <utility>

#include "common/slice_tree.h"

namespace fathom {

BatchPrefetch::BatchPrefetch(const Config& config, const ModelSpec& spec, const Schedule& schedule,
                             const PackedData& data, int worker, int workers)
    : config_(config),
      schedule_(schedule),
      builder_(spec, data),
      worker_(worker),
      workers_(workers),
      thread_([this] { Loop(); }) {}

BatchPrefetch::~BatchPrefetch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::unique_ptr<Batch> BatchPrefetch::Next(std::unique_ptr<Batch> used) {
  std::unique_lock lock(mutex_);
  if (used) spare_ = std::move(used);
  changed_.wait(lock, [&] { return ready_ || failure_; });
  if (failure_) std::rethrow_exception(failure_);
  auto batch = std::move(ready_);
  changed_.notify_all();
  return batch;
}

void BatchPrefetch::Loop() {
  for (std::uint64_t step = 0; step < schedule_.steps(); ++step) {
    std::unique_ptr<Batch> batch;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_) return;
      batch = std::move(spare_);
    }
    if (!batch) batch = std::make_unique<Batch>();
    std::exception_ptr failure;
    try {
      Make(step, batch.get());
    } catch (...) {
      failure = std::current_exception();
    }
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !ready_ || stopping_; });
    if (stopping_) return;
    failure_ = failure;
    if (!failure) ready_ = std::move(batch);
    changed_.notify_all();
    if (failure) return;
  }
}

void BatchPrefetch::Make(std::uint64_t step, Batch* batch) {
  const StepPlan plan = schedule_.Plan(step);
  const auto [begin, end] = SlicesOfWorker(plan.slices, worker_, workers_);
  batch->step = step;
  batch->first_slice = begin;
  batch->slices = end - begin;
  batch->global_slices = plan.slices;
  batch->slice_size = static_cast<std::uint32_t>(config_.train.slice_size);
  const std::uint32_t first = std::min(begin * batch->slice_size, plan.examples);
  const std::uint32_t last = std::min(end * batch->slice_size, plan.examples);
  if (!order_ || order_epoch_ != plan.epoch) {
    order_.emplace(config_, schedule_.train_examples(), plan.epoch);
    order_epoch_ = plan.epoch;
  }
  builder_.Fill(
      last - first, [&](std::uint32_t i) { return (*order_)(plan.first + first + i); }, batch);
}

}  // namespace fathom
