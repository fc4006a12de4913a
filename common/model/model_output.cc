#include "common/model/model_output.h"

#include "common/file/disk_file.h"

namespace fathom {

std::unique_ptr<FileSink> FolderOutput::Create(const std::string& name) const {
  return std::make_unique<DiskFile>(dir_ / name);
}

void FolderOutput::Overwrite(const std::string& name, std::span<const FilePiece> pieces) const {
  OverwriteDurably(dir_ / name, pieces);
}

bool FolderOutput::TakeOver(const std::string& name) const {
  return !base_.empty() && LinkFile(base_ / name, dir_ / name);
}

void FolderOutput::Remove(const std::string& name) const { RemoveFolder(dir_ / name); }

}  // namespace fathom
