// The folder <output.dir>/checkpoints of a run: one folder a checkpoint, named after its step.
//
//   step-000000000300            complete: everything in it is on the disk
//   step-000000000400.partial    being written, or left by a run that died; with a manifest it is
//                                complete too, and about to take the name
// A checkpoint takes its name after its manifest and all files are on the disk, and loses its
// manifest before it is removed (common/file/published_folder.h). Files that did not change are
// shared with the checkpoint before as hard links, so each folder is whole by itself and any of
// them may be removed.
//
// Thread rule: any thread; one process at a time publishes and removes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "common/file/published_folder.h"

namespace fathom {

class CheckpointDir {
 public:
  explicit CheckpointDir(std::filesystem::path dir) : dir_(std::move(dir)) {}

  const std::filesystem::path& path() const { return dir_; }
  // The folder to read, or where there is none the one to be.
  std::filesystem::path Complete(std::uint64_t step) const;
  std::filesystem::path Partial(std::uint64_t step) const;

  // The steps of the complete checkpoints, ascending. Empty where there is no such folder.
  std::vector<std::uint64_t> Steps() const;

  // The step of a checkpoint's folder by its name. None: it is called otherwise.
  static std::optional<std::uint64_t> StepOfFolder(const std::filesystem::path& folder);

  // An empty Partial(step) to write into. Throws Error(kModel).
  void Start(std::uint64_t step) const;

  // Partial(step) becomes Complete(step); one that stood there is removed. Throws Error(kModel).
  void Publish(std::uint64_t step) const;

  // Removes all but the newest `keep` complete ones, and all partial ones. What cannot be removed
  // stays until the next time.
  void Prune(std::size_t keep) const;

  // Removes a partial one. What cannot be removed stays until the next time.
  void Discard(std::uint64_t step) const;

 private:
  PublishedFolder Folder(std::uint64_t step) const;

  std::filesystem::path dir_;
};

}  // namespace fathom
