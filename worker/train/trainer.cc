#include "worker/train/trainer.h"

#include "common/check.h"
#include "common/message/push_message.h"
#include "common/message/step_done_message.h"

namespace fathom {
namespace {

// In sync mode the workers share each batch; else a batch is one worker's.
bool Shared(const RunContext& context) {
  return context.config.train.consistency == Consistency::kSync;
}
int Part(const RunContext& context, int worker) { return Shared(context) ? worker : 0; }
int Parts(const RunContext& context) { return Shared(context) ? context.layout.workers : 1; }

std::vector<StageRecorder*> ThreadRecorders(const RunContext& context, int worker) {
  std::vector<StageRecorder*> recorders;
  for (std::int64_t t = 0; t < context.config.cluster.threads; ++t) {
    recorders.push_back(&context.stages->Recorder(context.layout.worker(worker),
                                                  t == 0 ? "" : fmt::format("thread {}", t)));
  }
  return recorders;
}

// The sum of the weights of a slice's examples.
double WeightOf(const Batch& batch, std::uint32_t slice) {
  const auto [begin, end] = batch.SliceExamples(slice);
  double sum = 0;
  for (std::uint32_t e = begin; e < end; ++e) sum += batch.weights[e];
  return sum;
}

}  // namespace

Trainer::Trainer(const RunContext& context, int worker, const Schedule& schedule,
                 const ExampleSource& data, RowClient& client)
    : context_(context),
      worker_(worker),
      client_(client),
      recorder_(context.stages->Recorder(context.layout.worker(worker))),
      thread_recorders_(ThreadRecorders(context, worker)),
      dense_tree_(
          DensePushFloats(context.spec, static_cast<std::size_t>(context.spec.dense_floats))),
      row_gradients_(context.spec, context.layout.servers),
      watch_(context, worker),
      prefetch_(
          context.config, context.spec, schedule, data, Part(context, worker), Parts(context),
          [&client](Batch* batch) { client.Pull(batch); },
          context.stages->Recorder(context.layout.worker(worker), "batch prefetch")) {}

void Trainer::Start(std::uint64_t step) { prefetch_.Start(step); }

void Trainer::Step(std::uint64_t step, std::vector<SliceModel>& models, ThreadPool& pool) {
  auto span = recorder_.Measure(Stage::kBatchWait, step);
  batch_ = prefetch_.Next(std::move(batch_));
  FATHOM_CHECK_EQ(batch_->step, step);
  const auto nodes =
      TreeNodes(batch_->first_slice, batch_->first_slice + batch_->slices, batch_->global_slices);
  for (const TableBatch& table : batch_->tables) recorder_.CountKeys(table.keys.size());
  span.Next(Stage::kPullWait);
  client_.Await(*batch_, &rows_);
  span.Next(Stage::kCompute);
  ForwardBackward(nodes, models, pool);
  watch_.Step(*batch_, rows_, gradients_);
  span.Next(Stage::kPush);
  auto summing = recorder_.Measure(Stage::kRowGradients, step);
  auto pushes = row_gradients_.MakePushes(*batch_, nodes, gradients_, dense_tree_, pool);
  summing.End();
  client_.Push(step, std::move(pushes));
  span.End();
  if (batch_->slices > 0) SendLosses();
}

void Trainer::ForwardBackward(const std::vector<TreeNode>& nodes, std::vector<SliceModel>& models,
                              ThreadPool& pool) {
  logits_.resize(batch_->examples);
  gradients_.Resize(context_.spec, *batch_);
  models.front().MakeStepWeights(rows_, &step_weights_);
  const bool weighted = context_.spec.example_weights;
  losses_.resize(batch_->slices);
  weights_.resize(weighted ? batch_->slices : 0);
  dense_tree_.Begin(nodes, batch_->global_slices);
  pool.ForEach(batch_->slices, [&](std::size_t slice, int thread) {
    const auto span =
        thread_recorders_[static_cast<std::size_t>(thread)]->Measure(Stage::kSlice, batch_->step);
    const auto s = static_cast<std::uint32_t>(slice);
    SliceModel& model = models[static_cast<std::size_t>(thread)];
    float* logits = logits_.data() + batch_->SliceExamples(s).first;
    auto dense_gradient = dense_tree_.Acquire();
    model.Forward(*batch_, s, rows_, logits);
    if (weighted) {
      weights_[slice] = WeightOf(*batch_, s);
      dense_gradient->back() = static_cast<float>(weights_[slice]);
    }
    losses_[slice] = model.Backward(*batch_, s, rows_, step_weights_, logits, &gradients_,
                                    dense_gradient->data());
    dense_tree_.Put(batch_->first_slice + s, std::move(dense_gradient));
  });
}

void Trainer::SendLosses() const {
  context_.transport.Send(
      {.type = FrameType::kStepDone,
       .source = context_.layout.worker(worker_),
       .destination = context_.layout.coordinator(),
       .step = batch_->step,
       .payload = EncodeStepDone(
           {.first_slice = batch_->first_slice, .loss_sums = losses_, .weight_sums = weights_})});
}

}  // namespace fathom
