// The folder <output.dir>/checkpoints of a run: one folder a checkpoint, named after its step.
//
//   step-000000000300            complete: everything in it is on the disk
//   step-000000000400.partial    being written, or left by a run that died
// A checkpoint is written as .partial and takes its name in one atomic step, after its manifest and
// all files are on the disk. Files that did not change are shared with the checkpoint before as
// hard links, so each folder is whole by itself and any of them may be removed.
//
// Thread rule: any thread; one process at a time publishes and removes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

namespace fathom {

class CheckpointDir {
 public:
  explicit CheckpointDir(std::filesystem::path dir) : dir_(std::move(dir)) {}

  const std::filesystem::path& path() const { return dir_; }
  std::filesystem::path Complete(std::uint64_t step) const;
  std::filesystem::path Partial(std::uint64_t step) const;

  // The steps of the complete checkpoints, ascending. Empty where there is no such folder.
  std::vector<std::uint64_t> Steps() const;

  // An empty Partial(step) to write into. Throws Error(kModel).
  void Start(std::uint64_t step) const;

  // Partial(step) becomes Complete(step); one that stood there is removed after that. Throws
  // Error(kModel).
  void Publish(std::uint64_t step) const;

  // Removes all but the newest `keep` complete ones, and all partial ones. What cannot be removed
  // stays until the next time.
  void Prune(std::size_t keep) const;

  // Removes a partial one.
  void Discard(std::uint64_t step) const;

 private:
  std::filesystem::path dir_;
};

}  // namespace fathom
