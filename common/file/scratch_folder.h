// A folder of this process that is removed in the end, whatever happens.
#pragma once

#include <filesystem>
#include <string>

namespace fathom {

class ScratchFolder {
 public:
  // Empty, within the system's folder for temporary files; `purpose` is a part of its name.
  explicit ScratchFolder(const std::string& purpose);
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace fathom
