#include "server/service/model_store.h"

#include <chrono>
#include <optional>

#include "common/error.h"
#include "common/model/manifest.h"
#include "common/model/model_text.h"
#include "common/model/own_spec.h"
#include "common/run/best_dir.h"
#include "common/run/checkpoint_dir.h"
#include "common/settings/config_file.h"
#include "server/service/file_orders.h"
#include "server/service/streamed_output.h"

namespace fathom {
namespace {

// While it reads or writes files it tells the others about this often that it is alive.
constexpr auto kAliveInterval = std::chrono::milliseconds(500);

// By the model's own config.
WarmSource WarmSourceIn(const std::filesystem::path& dir) {
  const Manifest manifest = ReadManifest(dir);
  const Config own =
      ParseConfig(ReadTextFile(dir, manifest, kConfigFile), (dir / kConfigFile).string(), dir, {});
  return {.spec = MakeOwnSpec(dir, manifest, own), .wide = own.wide};
}

}  // namespace

// Before, so that nothing is read in vain; after, since it may be replaced meanwhile.
void ModelStore::Load() {
  CheckModel();
  Read();
  CheckModel();
}

void ModelStore::CheckModel() const {
  if (!context_.model) return;
  try {
    CheckIdentity(context_.model_dir, *context_.model);
  } catch (const Error& error) {
    Fail(error.code(), "{}: {}", peers_.Name(), error.what());
  }
}

void ModelStore::Read() {
  const auto alive = [this] { TellAlive(context_.start_step); };
  if (context_.mode == RunMode::kEvaluate || context_.start == StartFrom::kResume) {
    shard_.Load(context_.model_dir, alive);
  } else if (context_.start == StartFrom::kWarm) {
    shard_.WarmStart(context_.model_dir, WarmSourceIn(context_.model_dir),
                     context_.config.warm_start.optimizer_state, alive);
  }
}

SavedMessage ModelStore::Save(const SaveRequest& request, std::uint64_t step) {
  if (request.kind == SaveKind::kNothing) {
    SavedMessage saved;
    saved.tables = shard_.files().Statistics();
    return saved;
  }
  try {
    return context_.sees_output ? SaveHere(request, step) : SaveThere(request, step);
  } catch (const Error& error) {
    if (error.code() == ExitCode::kNumeric)
      Fail(error.code(), "{}: step {}: {}", peers_.Name(), step, error.what());
    if (request.kind != SaveKind::kCheckpoint || error.code() == ExitCode::kPeer) throw;
    SavedMessage failed;
    failed.failure = fmt::format("{}: {}", peers_.Name(), error.what());
    return failed;
  }
}

SavedMessage ModelStore::SaveHere(const SaveRequest& request, std::uint64_t step) {
  if (request.kind == SaveKind::kModel)
    return SaveInto(FolderOutput(context_.save_dir), request, step);
  if (request.kind == SaveKind::kBest)
    return SaveInto(FolderOutput(BestDir(context_.checkpoint_dir).Partial(step)), request, step);
  const CheckpointDir checkpoints(context_.checkpoint_dir);
  return SaveInto(FolderOutput(checkpoints.Partial(step), checkpoints.Complete(request.base_step)),
                  request, step);
}

SavedMessage ModelStore::SaveThere(const SaveRequest& request, std::uint64_t step) {
  FileOrders orders(context_, peers_, &inbox_, step, [this, step] { TellAlive(step); });
  try {
    return SaveInto(StreamedOutput(&orders), request, step);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kPeer) orders.Settle();
    throw;
  }
}

SavedMessage ModelStore::SaveInto(const ModelOutput& out, const SaveRequest& request,
                                  std::uint64_t step) {
  const auto alive = [&] { TellAlive(step); };
  if (request.kind != SaveKind::kCheckpoint) return shard_.files().SaveModel(out, alive);
  return shard_.files().SaveCheckpoint(
      out, step, request.has_base ? std::optional(request.base_step) : std::nullopt, alive);
}

void ModelStore::TellAlive(std::uint64_t step) {
  if (Clock::now() - told_alive_ < kAliveInterval) return;
  told_alive_ = Clock::now();
  for (const RoleKind kind : {RoleKind::kCoordinator, RoleKind::kWorker})
    peers_.SendToAll(kind, FrameType::kAlive, step);
}

}  // namespace fathom
