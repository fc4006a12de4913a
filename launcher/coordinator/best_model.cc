#include "launcher/coordinator/best_model.h"

#include <cmath>

#include "common/config/best_model.h"
#include "common/file/durable_file.h"
#include "common/log_line.h"

namespace fathom {
namespace {

double FigureOf(BestBy by, const EvaluatedModel& model) {
  switch (by) {
    case BestBy::kLogLoss:
      return model.logloss;
    case BestBy::kAuc:
      return model.auc;
    case BestBy::kGauc:
      return model.gauc;
    case BestBy::kNone:
      break;
  }
  return NAN;
}

bool IsBetter(BestBy by, const EvaluatedModel& model, const EvaluatedModel& best) {
  const double merit = MeritOf(by, FigureOf(by, model));
  const double least = MeritOf(by, FigureOf(by, best));
  if (std::isnan(merit)) return false;
  return best.step == 0 || std::isnan(least) || merit > least;
}

std::optional<BestSoFar> BeginWith(const Config& config, const std::optional<BestSoFar>& before) {
  if (!KeepsBest(config)) return std::nullopt;
  BestSoFar so_far = before.value_or(BestSoFar());
  so_far.by = config.evaluate.best;
  return so_far;
}

}  // namespace

BestModel::BestModel(const RunContext& context, const Schedule& schedule,
                     const std::optional<BestSoFar>& before)
    : context_(context),
      schedule_(schedule),
      dir_(context.checkpoint_dir),
      so_far_(BeginWith(context.config, before)) {}

bool BestModel::Judge(std::uint64_t step, const Metrics& metrics) {
  if (step <= so_far_->last.step) return false;
  so_far_->last = {.step = step,
                   .epoch = schedule_.EpochOf(step),
                   .logloss = metrics.logloss,
                   .auc = metrics.auc,
                   .gauc = metrics.gauc};
  if (!IsBetter(so_far_->by, so_far_->last, so_far_->best)) {
    ++so_far_->without_better;
    return false;
  }
  so_far_->best = so_far_->last;
  so_far_->without_better = 0;
  return true;
}

bool BestModel::exhausted() const {
  const auto patience = static_cast<std::uint64_t>(context_.config.train.patience);
  return so_far_ && patience > 0 && so_far_->without_better >= patience;
}

SaveRequest BestModel::Begin() {
  const std::uint64_t step = so_far_->best.step;
  dir_.Start(step);
  save_.emplace(context_, dir_.Partial(step), step);
  save_->Begin();
  return {.kind = SaveKind::kBest};
}

void BestModel::Finish(const ModelTexts& texts) {
  const std::uint64_t step = save_->step();
  save_->Finish(texts, {.progress = {}, .best = so_far_});
  dir_.Publish(step);
  so_far_->digest = ReadManifest(dir_.Complete(step)).digest;
  save_.reset();
  Prune();
  LogInfo("the model after step {} is the best so far by {} on the validation part, and is kept",
          step, NameOf(so_far_->by));
}

// The files do not change any more, so they may have second names.
void BestModel::CopyTo(const std::filesystem::path& dir) const {
  const std::filesystem::path from = dir_.Complete(so_far_->best.step);
  Manifest manifest = ReadManifest(from);
  for (const ModelFileEntry& file : manifest.files) LinkOrCopy(from / file.name, dir / file.name);
  SyncDir(dir);
  manifest.best = so_far_;
  WriteManifest(dir, manifest);
}

void BestModel::Prune() const {
  if (so_far_) dir_.Prune(found() ? std::optional(so_far_->best.step) : std::nullopt);
}

}  // namespace fathom
