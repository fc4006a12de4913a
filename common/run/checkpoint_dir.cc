#include "common/run/checkpoint_dir.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "common/error.h"
#include "common/file/durable_file.h"
#include "common/file/published_dir.h"
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

void RemoveQuietly(const fs::path& dir) {
  std::error_code ignored;
  fs::remove_all(dir, ignored);
}

}  // namespace

fs::path CheckpointDir::Complete(std::uint64_t step) const { return dir_ / NameOf(step); }

fs::path CheckpointDir::Partial(std::uint64_t step) const {
  return dir_ / (NameOf(step) + kPartialSuffix);
}

std::vector<std::uint64_t> CheckpointDir::Steps() const {
  std::vector<std::uint64_t> steps;
  for (const fs::path& entry : EntriesOf(dir_)) {
    if (const auto step = StepOf(entry.filename().string())) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

void CheckpointDir::Start(std::uint64_t step) const {
  StartPartial(Partial(step));
  SyncDir(fs::absolute(dir_).parent_path());
}

void CheckpointDir::Publish(std::uint64_t step) const {
  fathom::Publish(Partial(step), Complete(step));
}

void CheckpointDir::Prune(std::size_t keep) const {
  const auto steps = Steps();
  for (std::size_t i = 0; i + keep < steps.size(); ++i) {
    // Out of the way in one step first: a folder half removed must not look complete.
    try {
      Rename(Complete(steps[i]), Partial(steps[i]));
    } catch (const Error& error) {
      LogWarning("an old checkpoint stays: {}", error.what());
    }
  }
  for (const fs::path& entry : EntriesOf(dir_)) {
    if (entry.extension() == kPartialSuffix) RemoveQuietly(entry);
  }
}

void CheckpointDir::Discard(std::uint64_t step) const { RemoveQuietly(Partial(step)); }

}  // namespace fathom
