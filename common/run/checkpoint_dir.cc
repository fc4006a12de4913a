#include "common/run/checkpoint_dir.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/file/published_dir.h"
#include "common/model/manifest.h"
#include "common/run_log.h"

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
  Number number = 0;
  const char* const end = name.data() + name.size();
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto [stopped, error] = std::from_chars(name.data() + prefix.size(), end, number);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> StepOfName(std::string_view name) {
  const auto step = NumberAfter<std::uint64_t>(kPrefix, name);
  return step && name == NameOf(*step) ? step : std::nullopt;
}

bool IsPartial(std::string_view name) {
  if (!name.ends_with(kPartialSuffix)) return false;
  name.remove_suffix(kPartialSuffix.size());
  return StepOfName(name).has_value();
}

std::vector<fs::path> EntriesOf(const fs::path& dir) {
  std::vector<fs::path> entries;
  std::error_code none;
  for (fs::directory_iterator it(dir, none), end; !none && it != end; it.increment(none))
    entries.push_back(it->path());
  return entries;
}

bool HasManifest(const fs::path& dir) {
  std::error_code none;
  return fs::is_regular_file(dir / "manifest.json", none);
}

void RemoveQuietly(const fs::path& dir) {
  std::error_code ignored;
  fs::remove_all(dir, ignored);
}

}  // namespace

fs::path CheckpointDir::Complete(std::uint64_t step) const { return dir_ / NameOf(step); }

fs::path CheckpointDir::Partial(std::uint64_t step) const {
  return dir_ / (NameOf(step) + std::string(kPartialSuffix));
}

std::vector<std::uint64_t> CheckpointDir::Steps() const {
  std::vector<std::uint64_t> steps;
  for (const fs::path& entry : EntriesOf(dir_)) {
    const auto step = StepOfName(entry.filename().string());
    if (step && HasManifest(entry)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

bool CheckpointDir::IsWhole(std::uint64_t step) const {
  const fs::path dir = Complete(step);
  if (!HasManifest(dir)) return false;
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

std::optional<std::uint64_t> CheckpointDir::StepOf(const fs::path& dir) const {
  for (const std::uint64_t step : Steps()) {
    std::error_code none;
    if (fs::equivalent(Complete(step), dir, none)) return step;
  }
  return std::nullopt;
}

void CheckpointDir::Start(std::uint64_t step) const {
  StartPartial(Partial(step));
  SyncDir(fs::absolute(dir_).parent_path());
}

void CheckpointDir::Publish(std::uint64_t step) const {
  if (fs::exists(fs::symlink_status(Complete(step))) && !IsWhole(step))
    MoveAside(step, MakeAside());
  fathom::Publish(Partial(step), Complete(step));
}

std::optional<fs::path> CheckpointDir::PutAside(std::optional<std::uint64_t> after) const {
  std::vector<std::uint64_t> steps = Steps();
  if (after) std::erase_if(steps, [&](std::uint64_t step) { return step <= *after; });
  if (steps.empty()) return std::nullopt;
  const fs::path aside = MakeAside();
  // The latest first: wherever this is cut off, what stays is one line.
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) MoveAside(*step, aside);
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

void CheckpointDir::MoveAside(std::uint64_t step, const fs::path& aside) const {
  Rename(Complete(step), aside / NameOf(step));
  SyncDir(aside);
  SyncDir(dir_);
  LogInfo("put aside: {} is now {}", Complete(step).string(), (aside / NameOf(step)).string());
}

void CheckpointDir::Prune(std::size_t keep, std::uint64_t written,
                          std::optional<std::uint64_t> source) const {
  std::vector<std::uint64_t> whole = Steps();
  std::erase_if(whole, [&](std::uint64_t step) { return step > written || !IsWhole(step); });
  for (std::size_t i = 0; i + keep < whole.size(); ++i) {
    if (whole[i] == written || whole[i] == source) continue;
    // Out of the way in one step first: a folder half removed must not look complete.
    try {
      Rename(Complete(whole[i]), Partial(whole[i]));
    } catch (const Error& error) {
      LogWarning("an old checkpoint stays: {}", error.what());
    }
  }
  for (const fs::path& entry : EntriesOf(dir_)) {
    if (IsPartial(entry.filename().string())) RemoveQuietly(entry);
  }
}

void CheckpointDir::Discard(std::uint64_t step) const { RemoveQuietly(Partial(step)); }

}  // namespace fathom
