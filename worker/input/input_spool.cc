#include "worker/input/input_spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <utility>

#include "common/error.h"
#include "common/log_line.h"
#include "common/xxh3.h"
#include "worker/input/input_open.h"
#include "worker/input/input_paths.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPieceBytes = 1 << 20;

// Of those that can be read only once: one may have several names.
void RefuseTwice(const std::vector<fs::path>& files) {
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const fs::path& file : files) {
    if (!CanBeReadOnce(file)) continue;
    const int named = NamedDescriptor(file);
    struct stat status {};
    const bool there = (named >= 0 ? fstat(named, &status) : stat(file.c_str(), &status)) == 0;
    if (!there || seen.emplace(status.st_dev, status.st_ino).second) continue;
    Fail(ExitCode::kUsage,
         "{}: it can be read only once, and data.train and data.test name it twice",
         file == kStandardInput ? "standard input" : file.string());
  }
}

Descriptor NamelessFile(const fs::path& folder) {
  std::error_code refused;
  fs::create_directories(folder, refused);
  std::string name = (folder / ".fathom-input-XXXXXX").string();
  Descriptor file(mkostemp(name.data(), O_CLOEXEC));
  if (file.get() < 0 || unlink(name.c_str()) != 0) {
    Fail(ExitCode::kUsage, "{}: no file can be made there: {}: check the folder and its rights",
         folder.string(), std::strerror(errno));
  }
  return file;
}

void WriteAll(const Descriptor& to, const char* bytes, std::size_t count, const std::string& name,
              const fs::path& folder) {
  while (count > 0) {
    const ssize_t written = write(to.get(), bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      Fail(ExitCode::kData,
           "{} is kept in {} until it is packed, which cannot be written: {}: make room there, or "
           "name a folder on another disk (data.packed_dir; TMPDIR for evaluate and predict)",
           name, folder.string(), std::strerror(errno));
    }
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

}  // namespace

InputSpool::InputSpool(fs::path folder, std::function<void(std::uint64_t)> progress)
    : folder_(std::move(folder)), progress_(std::move(progress)) {}

std::vector<InputFile> InputSpool::Take(const std::vector<fs::path>& files) {
  for (const fs::path& file : files) CheckReadable(file);
  RefuseTwice(files);
  std::vector<InputFile> inputs;
  for (const fs::path& file : files)
    inputs.push_back(CanBeReadOnce(file) ? Keep(file) : InputFile(file));
  return inputs;
}

InputFile InputSpool::Keep(const fs::path& file) {
  InputFile input = NamedInput(file);
  // The number of a descriptor is chance.
  if (NamedDescriptor(file) >= 0) input.split_name = kStandardInput;
  const Descriptor from = OpenOnce(file);
  if (from.get() < 0)
    Fail(ExitCode::kData, "{}: cannot be opened: {}", input.name, std::strerror(errno));
  Descriptor to = NamelessFile(folder_);
  LogInfo("{}: it can be read only once: it is kept in {} until it is packed", input.name,
          folder_.string());
  Xxh3Stream contents;
  std::vector<char> piece(kPieceBytes);
  for (std::uint64_t bytes = 0;;) {
    const ssize_t got = read(from.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      Fail(ExitCode::kData, "{}: cannot be read on: {}", input.name, std::strerror(errno));
    if (got == 0) break;
    contents.Add(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(got))));
    WriteAll(to, piece.data(), static_cast<std::size_t>(got), input.name, folder_);
    progress_(bytes += static_cast<std::uint64_t>(got));
  }
  input.contents = contents.Digest();
  input.path = fmt::format("/proc/self/fd/{}", to.get());
  kept_.push_back(std::move(to));
  return input;
}

}  // namespace fathom
