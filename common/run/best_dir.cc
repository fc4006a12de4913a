#include "common/run/best_dir.h"

#include <string>
#include <string_view>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/folder_entries.h"
#include "common/log_line.h"
#include "common/run/checkpoint_dir.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kBestPrefix = "best-";
constexpr std::string_view kPartialEnd = ".partial";

std::string FolderNameOf(std::uint64_t step) { return fmt::format("{}{:012}", kBestPrefix, step); }

std::optional<std::uint64_t> BestStepOf(const fs::path& folder) {
  std::string name = folder.filename().string();
  if (name.ends_with(kPartialEnd)) name.resize(name.size() - kPartialEnd.size());
  if (!name.starts_with(kBestPrefix)) return std::nullopt;
  const auto step = WholeNumber<std::uint64_t>(std::string_view(name).substr(kBestPrefix.size()));
  return step && name == FolderNameOf(*step) ? step : std::nullopt;
}

// What the checkpoints of a folder name. One that cannot be read names nothing.
std::set<std::uint64_t> NamedBy(const CheckpointDir& checkpoints) {
  std::set<std::uint64_t> steps;
  for (const std::uint64_t step : checkpoints.Steps()) {
    try {
      const Manifest manifest = ReadManifest(checkpoints.Complete(step));
      if (manifest.best) steps.insert(manifest.best->best.step);
    } catch (const Error&) {
    }
  }
  return steps;
}

bool Holds(const fs::path& dir, std::uint64_t digest) {
  try {
    return ReadManifest(dir).digest == digest;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

PublishedFolder BestDir::Folder(std::uint64_t step) const {
  return {dir_ / FolderNameOf(step), kModelSeal};
}

std::set<std::uint64_t> BestDir::Steps() const {
  std::set<std::uint64_t> steps;
  for (const fs::path& entry : EntriesOf(dir_)) {
    if (const auto step = BestStepOf(entry)) steps.insert(*step);
  }
  return steps;
}

void BestDir::Start(std::uint64_t step) const {
  MakeFolder(dir_);
  Folder(step).Start();
  SyncDir(fs::absolute(dir_).parent_path());
}

void BestDir::TakeOver(const fs::path& checkpoint, const BestSoFar& best) const {
  const std::uint64_t step = best.best.step;
  if (step == 0 || Holds(Complete(step), best.digest)) return;
  const fs::path beside = fs::absolute(checkpoint).parent_path();
  for (const fs::path& place : {beside, beside.parent_path()}) {
    const fs::path from = BestDir(place).Complete(step);
    if (!Holds(from, best.digest)) continue;
    Start(step);
    for (const fs::path& file : EntriesOf(from)) {
      if (file.filename() != kModelSeal.file) LinkOrCopy(file, Partial(step) / file.filename());
    }
    LinkOrCopy(from / kModelSeal.file, Partial(step) / kModelSeal.file);
    SyncDir(Partial(step));
    return Publish(step);
  }
  Fail(ExitCode::kModel,
       "{}: the best model up to this checkpoint, of step {}, is not in {}: put it back, or go on "
       "without it with evaluate.best=none",
       checkpoint.string(), step, (beside / FolderNameOf(step)).string());
}

void BestDir::Prune(std::optional<std::uint64_t> newest) const {
  std::set<std::uint64_t> kept = NamedBy(CheckpointDir(dir_));
  if (newest) kept.insert(*newest);
  for (const std::uint64_t step : Steps()) {
    try {
      if (!kept.contains(step)) Folder(step).Remove();
      if (kept.contains(step)) {
        Folder(step).Mend();
      } else {
        Folder(step).Discard();
      }
    } catch (const Error& error) {
      LogWarning("an old best model stays: {}", error.what());
    }
  }
}

void BestDir::PutAside(const fs::path& aside) const {
  const std::set<std::uint64_t> stay = NamedBy(CheckpointDir(dir_));
  for (const std::uint64_t step : NamedBy(CheckpointDir(aside))) {
    const PublishedFolder folder = Folder(step);
    const bool here = folder.IsWhole() || folder.PartialIsWhole();
    if (here && !stay.contains(step)) folder.MoveTo(aside / FolderNameOf(step));
  }
}

}  // namespace fathom
