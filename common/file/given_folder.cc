#include "common/file/given_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/error.h"

namespace fathom {

namespace fs = std::filesystem;

void MakeGivenFolder(const fs::path& dir, const std::string& given, const std::string& remedy) {
  std::error_code refused;
  fs::create_directories(dir, refused);
  if (refused || !fs::is_directory(dir, refused)) {
    Fail(ExitCode::kUsage, "{}: no folder can be made there: {}: {}", given,
         refused ? refused.message() : "Not a directory", remedy);
  }
}

void MakeWritableFolder(const fs::path& dir, const std::string& given, const std::string& remedy) {
  MakeGivenFolder(dir, given, remedy);
  if (access(dir.c_str(), W_OK | X_OK) != 0) {
    Fail(ExitCode::kUsage, "{}: nothing can be written there: {}: {}", given, std::strerror(errno),
         remedy);
  }
}

}  // namespace fathom
