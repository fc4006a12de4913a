#include "common/run/checkpoint_dir.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/model/manifest.h"
#include "common/run_log.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPrefix = "step-";
constexpr const char* kPartialSuffix = ".partial";

std::string NameOf(std::uint64_t step) { return fmt::format("{}{:012}", kPrefix, step); }

std::optional<std::uint64_t> StepOf(const std::string& name) {
  const std::string prefix = kPrefix;
  std::uint64_t step = 0;
  const char* const end = name.data() + name.size();
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, step);
  if (error != std::errc() || stopped != end || name != NameOf(step)) return std::nullopt;
  return step;
}

std::vector<fs::path> EntriesOf(const fs::path& dir) {
  std::vector<fs::path> entries;
  std::error_code none;
  for (fs::directory_iterator it(dir, none), end; !none && it != end; it.increment(none))
    entries.push_back(it->path());
  return entries;
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

}  // namespace

PublishedFolder CheckpointDir::Folder(std::uint64_t step) const {
  return {dir_ / NameOf(step), kModelSeal};
}

fs::path CheckpointDir::Complete(std::uint64_t step) const { return Folder(step).Find(); }
fs::path CheckpointDir::Partial(std::uint64_t step) const { return Folder(step).partial(); }

std::optional<std::uint64_t> CheckpointDir::StepOfFolder(const fs::path& folder) {
  const bool partial = folder.extension() == kPartialSuffix;
  return StepOf((partial ? folder.stem() : folder.filename()).string());
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

void CheckpointDir::Start(std::uint64_t step) const {
  Folder(step).Start();
  SyncDir(fs::absolute(dir_).parent_path());
}

void CheckpointDir::Publish(std::uint64_t step) const { Folder(step).Publish(); }

void CheckpointDir::Prune(std::size_t keep) const {
  const auto steps = Steps();
  for (std::size_t i = 0; i + keep < steps.size(); ++i) {
    Quietly([&] {
      Folder(steps[i]).Remove();
      Folder(steps[i]).Discard();
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
