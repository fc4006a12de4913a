#include "worker/input/input_paths.h"

#include <glob.h>
#include <sys/stat.h>

#include <cstring>
#include <map>

#include "common/error.h"
#include "common/file/replaced_file.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// The pattern that matches this path alone.
std::string GlobOf(const fs::path& path) {
  std::string glob;
  for (const char c : path.string()) {
    if (std::strchr("*?[]\\", c) != nullptr) glob += '\\';
    glob += c;
  }
  return glob;
}

void Expand(const fs::path& dir, const std::string& pattern, std::vector<fs::path>* files) {
  if (pattern == kStandardInput) {
    files->emplace_back(pattern);
    return;
  }
  const fs::path named = dir / pattern;
  std::error_code none;
  if (fs::exists(named, none)) {
    files->push_back(named);
    return;
  }
  const std::string full =
      fs::path(pattern).is_absolute() ? pattern : (fs::path(GlobOf(dir)) / pattern).string();
  glob_t found{};
  const int result = glob(full.c_str(), 0, nullptr, &found);
  for (std::size_t i = 0; result == 0 && i < found.gl_pathc; ++i)
    files->emplace_back(found.gl_pathv[i]);
  globfree(&found);
  if (result != 0) {
    Fail(ExitCode::kData, "{}: no such file: check data.dir and the file names", named.string());
  }
}

}  // namespace

std::vector<fs::path> ExpandGlobs(const fs::path& dir, const std::vector<std::string>& patterns) {
  std::vector<fs::path> files;
  for (const std::string& pattern : patterns) Expand(dir, pattern, &files);
  for (const fs::path& file : files) CheckReadable(file);
  return files;
}

std::vector<fs::path> RepeatedFiles(const std::vector<fs::path>& files) {
  std::map<fs::path, int> times;
  std::vector<fs::path> repeated;
  for (const fs::path& file : files) {
    std::error_code none;
    const fs::path itself = fs::canonical(file, none);
    if (none.value() == 0 && ++times[itself] == 2) repeated.push_back(itself);
  }
  return repeated;
}

void CheckReadable(const fs::path& file) {
  if (file == kStandardInput) return;
  std::error_code none;
  const fs::file_status status = fs::status(file, none);
  if (!fs::exists(status)) Fail(ExitCode::kData, "{}: no such file: check its name", file.string());
  if (fs::is_directory(status)) {
    Fail(ExitCode::kData,
         "{}: a folder, not a file: data.train and data.test name files, as \"{}/*.csv\"; [[join]] "
         "and --input name one file",
         file.string(), file.string());
  }
  if (!fs::is_regular_file(status) && !CanBeReadOnce(file))
    Fail(ExitCode::kData, "{}: a device: name a file or a pipe", file.string());
}

bool CanBeReadOnce(const fs::path& file) {
  if (file == kStandardInput) return true;
  std::error_code none;
  const fs::file_status status = fs::status(file, none);
  if (fs::is_fifo(status) || fs::is_socket(status)) return true;
  struct stat standard {};
  struct stat named {};
  // Whatever standard input is, as a terminal, /dev/stdin names it.
  return fs::is_character_file(status) && fstat(0, &standard) == 0 &&
         stat(file.c_str(), &named) == 0 && named.st_rdev == standard.st_rdev &&
         named.st_ino == standard.st_ino;
}

InputFile NamedInput(const fs::path& file) {
  InputFile input(file);
  if (file == kStandardInput) input.name = kStandardInputName;
  return input;
}

void RefuseInputAsOutput(const std::string& given, const fs::path& output,
                         const std::vector<fs::path>& inputs) {
  std::error_code none;
  for (const fs::path& named : inputs) {
    const fs::path input = named == kStandardInput ? fs::path("/dev/stdin") : named;
    if (!fs::is_regular_file(input, none)) continue;
    if (!fs::equivalent(input, output, none)) continue;
    Fail(ExitCode::kUsage, "{}: writing it would overwrite the input {}: name another", given,
         named.string());
  }
}

}  // namespace fathom
