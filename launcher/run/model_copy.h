// A model or checkpoint as the ranks of a job read it. A rank that does not find rank 0's at its
// path gets from rank 0 what it reads of it: the manifest, the texts, the dense parameters and the
// rows of its own servers, block by block, into a folder of its own that is removed in the end.
//
// Thread rule: the main thread of every rank.
#pragma once

#include <filesystem>
#include <optional>

#include "common/config/config.h"
#include "common/file/scratch_folder.h"
#include "common/run/model_identity.h"
#include "common/schedule/layout.h"
#include "launcher/cluster/mpi_session.h"

namespace fathom {

class ModelCopy {
 public:
  // Every rank calls this. `dir`: where this rank looks for it; rank 0 has found `model` there.
  // Throws Error(kModel) on the ranks that could not get it, and on rank 0 where its files cannot
  // be read or were replaced; with output.shared = "yes" on all, where one does not find it.
  ModelCopy(const Config& config, const Layout& layout, const std::filesystem::path& dir,
            const ModelIdentity& model, MpiSession& mpi);

  // What this rank reads.
  const std::filesystem::path& dir() const { return dir_; }

 private:
  std::filesystem::path dir_;
  std::optional<ScratchFolder> scratch_;
};

}  // namespace fathom
