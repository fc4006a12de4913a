#include "worker/train/worker.h"

#include <deque>
#include <optional>

#include "common/check.h"
#include "common/schedule/schedule.h"
#include "worker/train/evaluator.h"
#include "worker/train/step_orders.h"
#include "worker/train/trainer.h"

namespace fathom {

class Worker::Impl {
 public:
  Impl(const RunContext& context, int index, const ExampleSource* train,
       const ExampleSource* evaluation)
      : context_(context),
        index_(index),
        recorder_(context.stages->Recorder(context.layout.worker(index))),
        schedule_(context.config, context.train_examples),
        client_(context, index),
        pool_(static_cast<int>(context.config.cluster.threads)) {
    for (int t = 0; t < pool_.threads(); ++t)
      models_.emplace_back(context.spec, static_cast<int>(context.config.train.slice_size));
    if (context.mode == RunMode::kTrain) {
      FATHOM_CHECK(train != nullptr);
      trainer_.emplace(context, index, schedule_, *train, client_);
    }
    if (evaluation != nullptr) evaluator_.emplace(context, index, *evaluation);
  }

  void Run() {
    try {
      Work();
    } catch (const RunStopped&) {
      return SayDone();
    }
    SayDone();
    const auto span = recorder_.Measure(Stage::kStopWait);
    client_.AwaitStop();
  }

 private:
  void Work() {
    if (context_.mode == RunMode::kTrain) {
      Train();
    } else {
      evaluator_->Run(0, client_, models_, pool_);
    }
  }

  void SayDone() {
    context_.transport.Send({.type = FrameType::kWorkerDone,
                             .source = context_.layout.worker(index_),
                             .destination = context_.layout.coordinator(),
                             .step = schedule_.steps(),
                             .payload = {}});
  }

  void Train() {
    StepOrders orders(context_, schedule_, client_);
    std::deque<StepOrder> ahead;
    for (;;) {
      LookAhead(true, orders, &ahead);
      const StepOrder order = ahead.front();
      ahead.pop_front();
      if (order.kind == OrderKind::kFinish) return;
      if (order.kind == OrderKind::kEvaluate) {
        const auto span = recorder_.Measure(Stage::kEvaluation, order.step);
        evaluator_->Run(order.step, client_, models_, pool_);
        continue;
      }
      LookAhead(false, orders, &ahead);
      trainer_->Step(order.step, models_, pool_);
    }
  }

  // Takes orders up to the next step to train, and starts that.
  void LookAhead(bool wait, StepOrders& orders, std::deque<StepOrder>* ahead) {
    while (ahead->empty() || ahead->back().kind == OrderKind::kEvaluate) {
      const auto order = orders.Next(wait && ahead->empty());
      if (!order) return;
      if (order->kind == OrderKind::kTrain) trainer_->Start(order->step);
      ahead->push_back(*order);
    }
  }

  const RunContext& context_;
  int index_;
  StageRecorder& recorder_;
  Schedule schedule_;
  RowClient client_;
  ThreadPool pool_;
  std::vector<SliceModel> models_;  // by thread
  std::optional<Trainer> trainer_;
  std::optional<Evaluator> evaluator_;
};

Worker::Worker(const RunContext& context, int index, const ExampleSource* train,
               const ExampleSource* evaluation)
    : impl_(std::make_unique<Impl>(context, index, train, evaluation)) {}
Worker::~Worker() = default;
void Worker::Run() { impl_->Run(); }

}  // namespace fathom
