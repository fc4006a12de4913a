#include "common/file/scratch_folder.h"

#include <fmt/format.h>
#include <unistd.h>

namespace fathom {

ScratchFolder::ScratchFolder(const std::string& purpose)
    : path_(std::filesystem::temp_directory_path() /
            fmt::format("fathom-{}-{}", purpose, getpid())) {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directories(path_);
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace fathom
