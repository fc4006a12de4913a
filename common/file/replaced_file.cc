#include "common/file/replaced_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <ext/stdio_filebuf.h>
#include <span>
#include <system_error>
#include <utility>

#include "common/file/durable_file.h"
#include "common/file/scratch_folder.h"
#include "common/process/process_mark.h"
#include "common/utf8.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel

// The link of /proc that the path leads over, in the folder that it really is in. Empty: there is
// none.
fs::path LinkInProc(const fs::path& file) {
  std::error_code none;
  fs::path at = file;
  for (int links = 0; links < kMaxLinks && fs::is_symlink(at, none); ++links) {
    const fs::path parent = fs::weakly_canonical(fs::absolute(at).parent_path(), none);
    if (parent.string().starts_with("/proc/")) return parent / at.filename();
    at = at.parent_path() / fs::read_symlink(at, none);
  }
  return {};
}

// Whether the bytes go to it as they come: there is nothing to rename. What another process has
// open is told by /proc, where links lead to it.
bool IsWrittenThrough(const fs::path& file) {
  std::error_code none;
  const fs::file_status status = fs::status(file, none);
  if (fs::exists(status) && !fs::is_regular_file(status) && !fs::is_directory(status)) return true;
  return LinkInProc(file).string().starts_with("/proc/");
}

// The descriptor of this process that the path names, as /dev/stdout and /dev/fd/5 do; -1: none.
int OpenHere(const fs::path& file) {
  const fs::path link = LinkInProc(file);
  const std::string own = fmt::format("/proc/{}/", getpid());
  if (!link.string().starts_with(own) || link.parent_path().filename() != "fd") return -1;
  const std::string name = link.filename().string();
  int fd = -1;
  const auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), fd);
  return wrong == std::errc() && end == name.data() + name.size() ? fd : -1;
}

// Writes where the descriptor stands. Another open of the same file would have a place of its own,
// and write over what others wrote.
void OpenDescriptor(int fd, std::ofstream* out) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) {
    out->setstate(std::ios::failbit);
    return;
  }
  std::filebuf& buffer = *out->rdbuf();
  buffer = __gnu_cxx::stdio_filebuf<char>(copy, std::ios::out | std::ios::binary);
}

}  // namespace

fs::path PartialOf(const fs::path& file) { return file.string() + ".partial"; }

fs::path OwnPartialOf(const fs::path& file) {
  constexpr const char* kInfix = ".partial-";
  constexpr std::size_t kMostOfName = 40;  // bytes: a mark takes up to 200 of the 255 of a name
  fs::path folder = file.parent_path();
  if (folder.empty()) folder = ".";
  RemoveLeftOvers(folder, kInfix);
  const std::string name = file.filename().string();
  return folder / fmt::format("{}{}{}", WholeCharacters(name, kMostOfName), kInfix,
                              ProcessMark::OfThisProcess().Name());
}

fs::path FollowLinks(fs::path path) {
  std::error_code none;
  for (int links = 0; links < kMaxLinks && fs::is_symlink(path, none); ++links)
    path = path.parent_path() / fs::read_symlink(path, none);
  return path;
}

ReplacedFile::ReplacedFile(const fs::path& file, ExitCode code) : file_(file), code_(code) {
  if (const int fd = OpenHere(file_); fd >= 0) {
    partial_ = file_;
    OpenDescriptor(fd, &out_);
  } else if (IsWrittenThrough(file_)) {
    partial_ = file_;
    out_.open(file_, std::ios::binary | std::ios::app);
  } else {
    file_ = FollowLinks(file_);
    if (std::error_code none; fs::is_directory(file_, none))
      Fail(code_, "{}: cannot be written: it is a folder: name a file", file.string());
    partial_ = OwnPartialOf(file_);
    out_.open(partial_, std::ios::binary | std::ios::trunc);
    if (!out_) Refused();
    std::error_code ignored;  // not every file system knows modes
    const fs::file_status before = fs::status(file_, ignored);
    if (fs::is_regular_file(before)) fs::permissions(partial_, before.permissions(), ignored);
  }
  if (!out_) Refused();
}

ReplacedFile::~ReplacedFile() {
  if (finished_ || partial_ == file_) return;
  out_.close();
  std::error_code ignored;
  fs::remove(partial_, ignored);
}

void ReplacedFile::Refused() const {
  Fail(code_, "{}: cannot be written: {}: check the folder and the disk", file_.string(),
       std::strerror(errno));
}

void ReplacedFile::Flush() {
  out_.flush();
  if (!out_) Refused();
}

void ReplacedFile::Finish() {
  out_.close();
  if (!out_) Refused();
  std::error_code refused;
  if (partial_ != file_) fs::rename(partial_, file_, refused);
  if (refused)
    Fail(code_, "{}: cannot be written: {}: check the folder and the disk", file_.string(),
         refused.message());
  finished_ = true;
}

void ReplaceText(const fs::path& file, const std::string& text, ExitCode code) {
  ReplacedFile replaced(file, code);
  replaced.out() << text;
  replaced.Finish();
}

void ReplaceDurably(const fs::path& file, std::string_view text) {
  const fs::path partial = PartialOf(file);
  DurableFile out(partial);
  out.Write(std::as_bytes(std::span(text)));
  out.Finish();
  const fs::path folder = fs::absolute(file).parent_path();
  SyncDir(folder);
  Rename(partial, file);
  SyncDir(folder);
}

}  // namespace fathom
