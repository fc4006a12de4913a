#include "launcher/coordinator/checkpoints.h"

#include "common/error.h"
#include "common/log_line.h"

namespace fathom {

namespace {

std::optional<std::uint64_t> SourceOf(const RunContext& context) {
  if (context.start != StartFrom::kResume) return std::nullopt;
  return CheckpointDir(context.checkpoint_dir).StepOf(context.model_dir);
}

}  // namespace

// Only a checkpoint that lies beside the new ones can be linked to.
Checkpoints::Checkpoints(const RunContext& context, const Schedule& schedule)
    : context_(context),
      schedule_(schedule),
      dir_(context.checkpoint_dir),
      due_(schedule.NextCheckpoint(context.start_step)),
      source_(SourceOf(context)),
      base_(source_) {}

SaveRequest Checkpoints::Begin(std::uint64_t step, bool last) {
  begun_ = Clock::now();
  last_ = last;
  due_ = schedule_.NextCheckpoint(step);
  failure_.clear();
  // Somebody may have moved or removed it: then all is written.
  if (base_ && !dir_.IsWhole(*base_)) base_.reset();
  save_.emplace(context_, dir_.Partial(step), step,
                base_ ? dir_.Complete(*base_) : std::filesystem::path());
  try {
    dir_.Start(step);
    save_->Begin();
  } catch (const Error& error) {
    failure_ = error.what();  // the servers find no folder and say so, too
  }
  return {.kind = SaveKind::kCheckpoint,
          .has_base = base_.has_value(),
          .base_step = base_.value_or(0),
          .last = last};
}

CheckpointReport Checkpoints::Finish(const ModelTexts& texts, const ModelSave::History& history) {
  if (failure_.empty()) failure_ = save_->failure();
  if (failure_.empty()) Publish(texts, history);
  const CheckpointReport report{
      .step = save_->step(),
      .failure = failure_,
      .bytes_written = save_->bytes_written(),
      .rows = save_->tables().rows,
      .seconds = std::chrono::duration<double>(Clock::now() - begun_).count(),
      .stall_seconds = save_->held_seconds()};
  save_.reset();
  stall_seconds_ += report.stall_seconds;
  if (report.failure.empty()) {
    base_ = report.step;
    ++written_;
    failed_in_a_row_ = 0;
    return report;
  }
  // One that is whole and cannot take its name is kept: the failure names it.
  if (dir_.Complete(report.step) != dir_.Partial(report.step)) dir_.Discard(report.step);
  ++failed_;
  LogWarning("no checkpoint of step {}, the one before stays: {}", report.step, report.failure);
  if (last_ || ++failed_in_a_row_ == kMaxFailures) {
    Fail(ExitCode::kModel, "{}: {}",
         last_ ? "the run was asked to stop, and its checkpoint could not be written"
               : fmt::format("{} checkpoints in a row could not be written", kMaxFailures),
         report.failure);
  }
  return report;
}

void Checkpoints::Publish(const ModelTexts& texts, const ModelSave::History& history) {
  try {
    save_->Finish(texts, history);
    dir_.Publish(save_->step());
    dir_.Prune(static_cast<std::size_t>(context_.config.checkpoint.keep), save_->step(), source_);
  } catch (const Error& error) {
    failure_ = error.what();
  }
}

}  // namespace fathom
