// The folder <output.dir>/checkpoints of a run: one folder a checkpoint, named after its step.
//
//   step-000000000300            complete: everything in it is on the disk
//   step-000000000400.partial    being written, or left by a run that died; with a manifest it is
//                                complete too, and about to take the name
//   old-1, old-2, ...            checkpoints that were put aside; never removed
// A checkpoint takes its name after its manifest and all files are on the disk, and loses its
// manifest before it is removed (common/file/published_folder.h). Files that did not change are
// shared with the checkpoint before as hard links, so each folder is whole by itself and any of
// them may be removed.
//
// Each checkpoint in the folder was trained on from the state of the one before it. A run that goes
// on from one of them first puts the later ones aside. A folder with another name, or without a
// manifest, is somebody else's: it is not counted, and it stays.
//
// Thread rule: any thread; one process at a time publishes, puts aside and removes.
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
  // The folder to read; where there is none, the path that the checkpoint will have.
  std::filesystem::path Complete(std::uint64_t step) const;
  std::filesystem::path Partial(std::uint64_t step) const;

  // The steps of the checkpoints, ascending: folders named so with a manifest, which may be
  // damaged. Empty where there is no such folder.
  std::vector<std::uint64_t> Steps() const;

  // The step of a checkpoint's folder by its name. None: it is called otherwise.
  static std::optional<std::uint64_t> StepOfFolder(const std::filesystem::path& folder);

  // Whether the manifest of this one can be read, is of this step and of a checkpoint, and its
  // files are there with their sizes. Their bytes are not looked at.
  bool IsWhole(std::uint64_t step) const;

  // The step of the checkpoint in `dir`, if that is one of these.
  std::optional<std::uint64_t> StepOf(const std::filesystem::path& dir) const;

  // An empty Partial(step) to write into. What stands in the way of Complete(step) and is no whole
  // checkpoint is put aside. Throws Error(kModel).
  void Start(std::uint64_t step) const;

  // Partial(step) becomes Complete(step); one that stood there is removed. Throws Error(kModel).
  void Publish(std::uint64_t step) const;

  // Moves the checkpoints of steps above `after` (nothing: all) into old-N, N being the next
  // number, and says so in the log. Returns that folder; nothing where there are none. Throws
  // Error(kModel).
  std::optional<std::filesystem::path> PutAside(std::optional<std::uint64_t> after) const;

  // How often checkpoints were put aside: the highest N.
  int TimesPutAside() const;

  // Of the whole checkpoints up to the step `written`, keeps the newest `keep` and removes the
  // others; never removes that of `written`, nor that of `source`, from which the run went on.
  // Removes all partial ones. What cannot be removed stays until the next time.
  void Prune(std::size_t keep, std::uint64_t written, std::optional<std::uint64_t> source) const;

  // Removes a partial one. What cannot be removed stays until the next time.
  void Discard(std::uint64_t step) const;

 private:
  PublishedFolder Folder(std::uint64_t step) const;
  std::filesystem::path MakeAside() const;

  std::filesystem::path dir_;
};

}  // namespace fathom
