// Where one role's files of a model go: into a folder that this host sees, or over the network into
// rank 0's (server/service/streamed_output.h).
//
// Thread rule: one thread. Failure: Error(kModel) that names the file and the reason.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "common/file/durable_file.h"
#include "common/file/file_sink.h"

namespace fathom {

class ModelOutput {
 public:
  virtual ~ModelOutput() = default;

  // A new file.
  virtual std::unique_ptr<FileSink> Create(const std::string& name) const = 0;

  // Writes pieces into a file that is there (dense.bin); returns when they are on the disk.
  virtual void Overwrite(const std::string& name, std::span<const FilePiece> pieces) const = 0;

  // The file of this name of the checkpoint that this one builds upon, as it is. False: there is
  // none to have.
  virtual bool TakeOver(const std::string& name) const = 0;

  // Removes what was taken over.
  virtual void Remove(const std::string& name) const = 0;
};

class FolderOutput : public ModelOutput {
 public:
  // `base`: the folder of the checkpoint that this one builds upon; empty: none.
  explicit FolderOutput(std::filesystem::path dir, std::filesystem::path base = {})
      : dir_(std::move(dir)), base_(std::move(base)) {}

  std::unique_ptr<FileSink> Create(const std::string& name) const override;
  void Overwrite(const std::string& name, std::span<const FilePiece> pieces) const override;
  bool TakeOver(const std::string& name) const override;
  void Remove(const std::string& name) const override;

 private:
  std::filesystem::path dir_;
  std::filesystem::path base_;
};

}  // namespace fathom
