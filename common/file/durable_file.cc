#include "common/file/durable_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "common/file/disk_file.h"
#include "common/folder_entries.h"

namespace fathom {

namespace fs = std::filesystem;

DurableFile::DurableFile(const fs::path& file) : DurableFile(std::make_unique<DiskFile>(file)) {}

DurableFile::DurableFile(std::unique_ptr<FileSink> sink) : sink_(std::move(sink)) {
  buffer_.reserve(kBlockBytes);
}

void DurableFile::Write(std::span<const std::byte> bytes) {
  checksum_.Add(bytes);
  bytes_ += bytes.size();
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min(bytes.size(), kBlockBytes - buffer_.size()));
    buffer_.insert(buffer_.end(), piece.begin(), piece.end());
    bytes = bytes.subspan(piece.size());
    if (buffer_.size() == kBlockBytes) WriteOut();
  }
}

void DurableFile::WriteOut() {
  if (buffer_.empty()) return;
  blocks_.push_back(Xxh3(buffer_));
  sink_->Append(buffer_);
  buffer_.clear();
}

void DurableFile::Finish() {
  WriteOut();
  sink_->Finish();
}

void OverwriteDurably(const fs::path& file, std::span<const FilePiece> pieces) {
  const Descriptor out(file, O_WRONLY);
  if (out.get() < 0) FailErrno(file, "cannot be opened");
  for (const auto& [offset, bytes] : pieces) {
    for (std::size_t at = 0; at < bytes.size();) {
      const ssize_t written =
          pwrite(out.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(offset + at));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) FailErrno(file, "cannot be written");
      at += static_cast<std::size_t>(written);
    }
  }
  if (fsync(out.get()) != 0) FailErrno(file, "cannot be synced");
}

Buffer ReadFile(const fs::path& file, const std::string& remedy, ExitCode code,
                const Alive& alive) {
  const Descriptor in = Descriptor::OfPlainFile(file);
  struct stat status {};
  if (in.get() < 0 || fstat(in.get(), &status) != 0)
    Fail(code, "{}: cannot be opened: {}: {}", file.string(), Descriptor::WhyNot(), remedy);
  Buffer bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    alive();
    const ssize_t got = pread(in.get(), bytes.data() + at, std::min(kBlockBytes, bytes.size() - at),
                              static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) Fail(code, "{}: cannot be read at byte {}: {}", file.string(), at, remedy);
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

void MakeFolder(const fs::path& dir) {
  if (dir.empty() || fs::is_directory(dir)) return;
  MakeFolder(dir.parent_path());
  if (mkdir(dir.c_str(), 0755) != 0 && errno != EEXIST) FailErrno(dir, "cannot be made");
}

void Rename(const fs::path& from, const fs::path& to) {
  if (rename(from.c_str(), to.c_str()) != 0)
    FailErrno(from, fmt::format("cannot be renamed to {}", to.string()).c_str());
}

void SyncDir(const fs::path& dir) {
  const Descriptor folder(dir, O_RDONLY | O_DIRECTORY);
  if (folder.get() < 0 || fsync(folder.get()) != 0) FailErrno(dir, "the folder cannot be synced");
}

bool LinkFile(const fs::path& from, const fs::path& to) {
  if (link(from.c_str(), to.c_str()) == 0) return true;
  for (const int no_link : {EPERM, ENOTSUP, ENOSYS, EMLINK, EXDEV, ENOENT, ENOTDIR, ESTALE}) {
    if (errno == no_link) return false;
  }
  FailErrno(to, "cannot be linked");
}

void LinkOrCopy(const fs::path& from, const fs::path& to) {
  if (LinkFile(from, to)) return;
  const Descriptor in = Descriptor::OfPlainFile(from);
  if (in.get() < 0)
    Fail(ExitCode::kModel, "{}: cannot be copied: {}", from.string(), Descriptor::WhyNot());
  DurableFile out(to);
  std::vector<std::byte> piece(kBlockBytes);
  for (;;) {
    const ssize_t got = read(in.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) FailErrno(from, "cannot be read");
    if (got == 0) break;
    out.Write(std::span(piece).first(static_cast<std::size_t>(got)));
  }
  out.Finish();
}

void RemoveFolder(const fs::path& folder, const fs::path& last) {
  std::error_code none;
  const fs::file_status status = fs::symlink_status(folder, none);
  if (status.type() == fs::file_type::not_found) return;
  if (status.type() != fs::file_type::directory) {
    if (unlink(folder.c_str()) != 0 && errno != EBUSY) FailErrno(folder, "cannot be removed");
    return;
  }
  for (const fs::path& entry : EntriesOf(folder)) {
    if (entry.filename() != last) RemoveFolder(entry, "");
  }
  if (!last.empty()) RemoveFolder(folder / last, "");
  const bool removed = rmdir(folder.c_str()) == 0;
  if (!removed && errno != EBUSY && errno != ENOTEMPTY && errno != EEXIST)
    FailErrno(folder, "cannot be removed");
}

}  // namespace fathom
