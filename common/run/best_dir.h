// The best models of a run that keeps them, in <output.dir>/checkpoints beside its checkpoints:
//
//   best-000000000300            the model after step 300, whole
//   best-000000000400.partial    being written, or left by a run that died
// A checkpoint's manifest names the best model up to it, by step and digest. So the folder holds
// the newest best model and those that its checkpoints name; the others are removed.
//
// Thread rule: any thread; one process at a time publishes, copies and removes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>

#include "common/file/published_folder.h"
#include "common/model/manifest.h"

namespace fathom {

class BestDir {
 public:
  // Of a folder of checkpoints, which need not be there.
  explicit BestDir(std::filesystem::path checkpoints) : dir_(std::move(checkpoints)) {}

  // The folder to read; the one to write into.
  std::filesystem::path Complete(std::uint64_t step) const { return Folder(step).Find(); }
  std::filesystem::path Partial(std::uint64_t step) const { return Folder(step).partial(); }

  // An empty Partial(step). Throws Error(kModel).
  void Start(std::uint64_t step) const;

  // Partial(step), which has its manifest, becomes Complete(step). Throws Error(kModel).
  void Publish(std::uint64_t step) const { Folder(step).Publish(); }

  // The best model that the manifest of this checkpoint names is here from now on: it lies here, or
  // beside the checkpoint, or beside the folder into which checkpoints were put aside, and is
  // copied. Throws Error(kModel): it is in none of these, or another one is in its place.
  void TakeOver(const std::filesystem::path& checkpoint, const BestSoFar& best) const;

  // Removes the best models that neither a whole checkpoint here nor `newest` names. What cannot be
  // removed stays until the next time.
  void Prune(std::optional<std::uint64_t> newest) const;

  // Moves those that the checkpoints in `aside` name, and none that stayed, there too.
  void PutAside(const std::filesystem::path& aside) const;

 private:
  PublishedFolder Folder(std::uint64_t step) const;
  std::set<std::uint64_t> Steps() const;

  std::filesystem::path dir_;
};

}  // namespace fathom
