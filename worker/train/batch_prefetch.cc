#include "worker/train/batch_prefetch.h"

#include <utility>

#include "common/schedule/slice_tree.h"

namespace fathom {

BatchPrefetch::BatchPrefetch(const Config& config, const ModelSpec& spec, const Schedule& schedule,
                             const ExampleSource& data, int part, int parts,
                             std::function<void(Batch*)> pull, StageRecorder& recorder)
    : config_(config),
      schedule_(schedule),
      builder_(spec, data),
      part_(part),
      parts_(parts),
      pull_(std::move(pull)),
      recorder_(recorder),
      thread_([this] { Loop(); }) {}

BatchPrefetch::~BatchPrefetch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void BatchPrefetch::Start(std::uint64_t step) {
  {
    const std::lock_guard lock(mutex_);
    begun_.push_back(step);
  }
  changed_.notify_all();
}

std::unique_ptr<Batch> BatchPrefetch::Next(std::unique_ptr<Batch> used) {
  std::unique_lock lock(mutex_);
  if (used) spare_.push_back(std::move(used));
  changed_.wait(lock, [&] { return !made_.empty() || failure_; });
  if (made_.empty()) std::rethrow_exception(failure_);
  auto batch = std::move(made_.front());
  made_.pop_front();
  return batch;
}

void BatchPrefetch::Loop() {
  for (;;) {
    std::uint64_t step = 0;
    std::unique_ptr<Batch> batch;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return !begun_.empty() || stopping_; });
      if (stopping_) return;
      step = begun_.front();
      begun_.pop_front();
      if (!spare_.empty()) {
        batch = std::move(spare_.front());
        spare_.pop_front();
      }
    }
    std::exception_ptr failure;
    try {
      if (!batch) batch = std::make_unique<Batch>();
      auto span = recorder_.Measure(Stage::kMakeBatch, step);
      Make(step, batch.get());
      span.Next(Stage::kSendPull);
      pull_(batch.get());
      const std::lock_guard lock(mutex_);
      made_.push_back(std::move(batch));
    } catch (...) {
      failure = std::current_exception();
    }
    if (failure) {
      const std::lock_guard lock(mutex_);
      failure_ = failure;
    }
    changed_.notify_all();
    if (failure) return;
  }
}

void BatchPrefetch::Make(std::uint64_t step, Batch* batch) {
  const StepPlan plan = schedule_.Plan(step);
  const auto [begin, end] = SlicesOfWorker(plan.slices, part_, parts_);
  batch->step = step;
  batch->will_push = true;
  batch->first_slice = begin;
  batch->slices = end - begin;
  batch->global_slices = plan.slices;
  batch->slice_size = static_cast<std::uint32_t>(config_.train.slice_size);
  batch->wants_dense = batch->slices > 0;
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
