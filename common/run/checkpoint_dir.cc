#include "common/run/checkpoint_dir.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/folder_entries.h"
#include "common/log_line.h"
#include "common/model/manifest.h"
#include "common/whole_number.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kPartialSuffix = ".partial";
constexpr std::string_view kAsidePrefix = "old-";
constexpr int kMostAside = 1000000;

std::string NameOf(std::uint64_t step) { return fmt::format("{}{:012}", kPrefix, step); }

template <typename Number>
std::optional<Number> NumberAfter(std::string_view prefix, std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  return WholeNumber<Number>(name.substr(prefix.size()));
}

std::optional<std::uint64_t> StepOfName(std::string_view name) {
  const auto step = NumberAfter<std::uint64_t>(kPrefix, name);
  return step && name == NameOf(*step) ? step : std::nullopt;
}

// What cannot be removed stays until the next time.
template <typename Call>
void Quietly(Call call) {
  try {
    call();
  } catch (const Error& error) {
    LogWarning("an old checkpoint stays: {}", error.what());
  }
}

void LogPutAside(const fs::path& from, const fs::path& to) {
  LogInfo("put aside: {} is now {}", from.string(), to.string());
}

bool HoldsWholeCheckpoint(const fs::path& dir, std::uint64_t step) {
  try {
    const Manifest manifest = ReadManifest(dir);
    return manifest.step == step && manifest.progress &&
           std::all_of(manifest.files.begin(), manifest.files.end(),
                       [&](const ModelFileEntry& file) {
                         std::error_code none;
                         return fs::is_regular_file(dir / file.name, none) &&
                                fs::file_size(dir / file.name, none) == file.bytes;
                       });
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

PublishedFolder CheckpointDir::Folder(std::uint64_t step) const {
  return {dir_ / NameOf(step), kModelSeal};
}

fs::path CheckpointDir::Complete(std::uint64_t step) const { return Folder(step).Find(); }
fs::path CheckpointDir::Partial(std::uint64_t step) const { return Folder(step).partial(); }

std::optional<std::uint64_t> CheckpointDir::StepOfFolder(const fs::path& folder) {
  const bool partial = folder.extension() == kPartialSuffix;
  return StepOfName((partial ? folder.stem() : folder.filename()).string());
}

std::vector<std::uint64_t> CheckpointDir::Steps() const {
  std::vector<std::uint64_t> steps;
  for (const fs::path& entry : EntriesOf(dir_)) {
    const auto step = StepOfFolder(entry);
    if (!step) continue;
    const PublishedFolder folder = Folder(*step);
    if (folder.IsWhole() || folder.PartialIsWhole()) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  return steps;
}

bool CheckpointDir::IsWhole(std::uint64_t step) const {
  return HoldsWholeCheckpoint(Complete(step), step);
}

std::optional<std::uint64_t> CheckpointDir::StepOf(const fs::path& dir) const {
  for (const std::uint64_t step : Steps()) {
    std::error_code none;
    if (fs::equivalent(Complete(step), dir, none)) return step;
  }
  return std::nullopt;
}

void CheckpointDir::Start(std::uint64_t step) const {
  const PublishedFolder folder = Folder(step);
  std::error_code none;
  const bool in_the_way = fs::exists(folder.path(), none) && !folder.IsHalfRemoved() &&
                          !HoldsWholeCheckpoint(folder.path(), step);
  if (in_the_way) {
    const fs::path aside = MakeAside() / NameOf(step);
    if (folder.IsWhole()) {
      folder.MoveTo(aside);
    } else {
      Rename(folder.path(), aside);
      SyncDir(aside.parent_path());
      SyncDir(dir_);
    }
    LogPutAside(folder.path(), aside);
  }
  folder.Start();
  SyncDir(fs::absolute(dir_).parent_path());
}

void CheckpointDir::Publish(std::uint64_t step) const { Folder(step).Publish(); }

std::optional<fs::path> CheckpointDir::PutAside(std::optional<std::uint64_t> after) const {
  std::vector<std::uint64_t> steps = Steps();
  if (after) std::erase_if(steps, [&](std::uint64_t step) { return step <= *after; });
  if (steps.empty()) return std::nullopt;
  const fs::path aside = MakeAside();
  // The latest first: wherever this is cut off, what stays is one line.
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    const PublishedFolder folder = Folder(*step);
    const fs::path from = folder.Find();
    folder.MoveTo(aside / NameOf(*step));
    LogPutAside(from, aside / NameOf(*step));
  }
  return aside;
}

int CheckpointDir::TimesPutAside() const {
  int times = 0;
  for (const fs::path& entry : EntriesOf(dir_))
    times = std::max(times, NumberAfter<int>(kAsidePrefix, entry.filename().string()).value_or(0));
  return times;
}

fs::path CheckpointDir::MakeAside() const {
  for (int number = TimesPutAside() + 1; number < kMostAside; ++number) {
    const fs::path aside = dir_ / fmt::format("{}{}", kAsidePrefix, number);
    if (mkdir(aside.c_str(), 0755) == 0) return aside;
    if (errno != EEXIST)
      Fail(ExitCode::kModel, "{}: cannot be made: {}", aside.string(), std::strerror(errno));
  }
  Fail(ExitCode::kModel, "{}: too many checkpoints were put aside: remove some", dir_.string());
}

void CheckpointDir::Prune(std::size_t keep, std::uint64_t written,
                          std::optional<std::uint64_t> source) const {
  std::vector<std::uint64_t> whole = Steps();
  std::erase_if(whole, [&](std::uint64_t step) { return step > written || !IsWhole(step); });
  for (std::size_t i = 0; i + keep < whole.size(); ++i) {
    if (whole[i] == written || whole[i] == source) continue;
    Quietly([&] {
      Folder(whole[i]).Remove();
      Folder(whole[i]).Discard();
    });
  }
  for (const fs::path& entry : EntriesOf(dir_)) {
    if (const auto step = StepOfFolder(entry)) Quietly([&] { Folder(*step).Mend(); });
  }
}

void CheckpointDir::Discard(std::uint64_t step) const {
  Quietly([&] { Folder(step).Discard(); });
}

}  // namespace fathom
