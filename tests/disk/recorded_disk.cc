#include "tests/disk/recorded_disk.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

namespace fathom::testing {

namespace fs = std::filesystem;

struct RecordedDisk::Operation {
  enum class Kind { kFolder, kCreate, kWrite, kSync, kSyncFolder, kLink, kRemove, kRename, kSwap };
  Kind kind;
  std::string path;     // relative to the root
  std::string to = {};  // kLink, kRename, kSwap
  std::string bytes = {};
  std::size_t offset = 0;
};

// A file or folder of the model.
struct RecordedDisk::Node {
  bool folder = false;
  std::string content, synced_content;
  std::map<std::string, std::shared_ptr<Node>> names, synced_names;
};

namespace {

using Node = RecordedDisk::Node;
using Operation = RecordedDisk::Operation;
using Kind = Operation::Kind;

RecordedDisk* the_disk = nullptr;
fs::path the_root;

// The folder that holds a path's last name.
Node& FolderOf(Node& root, const fs::path& path) {
  Node* node = &root;
  for (const auto& name : path.parent_path()) node = node->names.at(name.string()).get();
  return *node;
}

std::shared_ptr<Node>& Place(Node& root, const std::string& path) {
  return FolderOf(root, path).names[fs::path(path).filename().string()];
}

Node& Find(Node& root, const std::string& path) { return path.empty() ? root : *Place(root, path); }

void Apply(Node& root, const Operation& o) {
  switch (o.kind) {
    case Kind::kFolder:
    case Kind::kCreate:
      Place(root, o.path) = std::make_shared<Node>();
      Place(root, o.path)->folder = o.kind == Kind::kFolder;
      return;
    case Kind::kWrite: {
      std::string& content = Find(root, o.path).content;
      if (content.size() < o.offset + o.bytes.size()) content.resize(o.offset + o.bytes.size());
      content.replace(o.offset, o.bytes.size(), o.bytes);
      return;
    }
    case Kind::kSync:
      Find(root, o.path).synced_content = Find(root, o.path).content;
      return;
    case Kind::kSyncFolder:
      Find(root, o.path).synced_names = Find(root, o.path).names;
      return;
    case Kind::kLink:
      Place(root, o.to) = Place(root, o.path);
      return;
    case Kind::kRemove:
      FolderOf(root, o.path).names.erase(fs::path(o.path).filename().string());
      return;
    case Kind::kRename:
      Place(root, o.to) = Place(root, o.path);
      FolderOf(root, o.path).names.erase(fs::path(o.path).filename().string());
      return;
    case Kind::kSwap:
      std::swap(Place(root, o.to), Place(root, o.path));
      return;
  }
}

void WriteOut(const Node& node, RecordedDisk::Keep keep, const fs::path& into) {
  if (!node.folder) {
    const bool all = keep == RecordedDisk::Keep::kAll;
    std::ofstream(into, std::ios::binary) << (all ? node.content : node.synced_content);
    return;
  }
  fs::create_directories(into);
  const bool synced = keep == RecordedDisk::Keep::kSynced;
  for (const auto& [name, child] : synced ? node.synced_names : node.names)
    WriteOut(*child, keep, into / name);
}

}  // namespace

RecordedDisk::RecordedDisk(fs::path root) : root_(std::move(root)) {
  the_disk = this;
  the_root = root_;
}

RecordedDisk::~RecordedDisk() { the_disk = nullptr; }

RecordedDisk* RecordedDisk::watching(const fs::path& path) {
  const bool below = path == the_root || path.string().starts_with((the_root / "").string());
  return the_disk != nullptr && below ? the_disk : nullptr;
}

RecordedDisk* RecordedDisk::watching(int fd) {
  return the_disk != nullptr && the_disk->open_files.count(fd) > 0 ? the_disk : nullptr;
}

void RecordedDisk::FailAt(std::size_t operation, int error, std::size_t count) {
  fail_from_ = operation;
  fail_to_ = operation + count;
  error_ = error;
}

std::size_t RecordedDisk::changes() const { return log_.size(); }

bool RecordedDisk::Refuses() {
  const std::size_t number = operations_++;
  if (number < fail_from_ || number >= fail_to_) return false;
  errno = error_;
  return true;
}

bool RecordedDisk::Shortens(std::size_t bytes) {
  const bool shortens = operations_ > short_from_ && bytes > 1 && operations_ % 2 == 0;
  if (shortens) ++short_writes_;
  return shortens;
}

std::string RecordedDisk::Relative(const fs::path& path) const {
  const std::string text = path.lexically_relative(root_).string();
  return text == "." ? "" : text;
}

void RecordedDisk::Record(Operation operation) {
  operation.path = Relative(operation.path);
  if (!operation.to.empty()) operation.to = Relative(operation.to);
  log_.push_back(std::move(operation));
}

void RecordedDisk::Restore(std::size_t changes, Keep keep, const fs::path& into) const {
  Node root;
  root.folder = true;
  for (std::size_t i = 0; i < std::min(changes, log_.size()); ++i) Apply(root, log_[i]);
  WriteOut(root, keep, into);
}

bool RecordedDisk::NearARename(std::size_t change) const {
  constexpr std::size_t kNear = 8;
  for (std::size_t i = change - std::min(change, kNear); i < std::min(change + kNear, log_.size());
       ++i) {
    if (log_[i].kind == Kind::kRename || log_[i].kind == Kind::kSwap) return true;
  }
  return false;
}

}  // namespace fathom::testing

// The linker's names for the calls of the code under test, and for those of the system.
using fathom::testing::RecordedDisk;
using Op = RecordedDisk::Operation;

extern "C" {

int __real_open(const char* path, int flags, ...);
ssize_t __real_write(int fd, const void* bytes, size_t count);
ssize_t __real_pwrite(int fd, const void* bytes, size_t count, off_t offset);
int __real_fsync(int fd);
int __real_close(int fd);
int __real_link(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_rmdir(const char* path);
int __real_mkdir(const char* path, mode_t mode);
int __real_rename(const char* from, const char* to);
int __real_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags);

int __wrap_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  RecordedDisk* const disk = RecordedDisk::watching(path);
  const bool creates = (flags & O_CREAT) != 0;
  if (disk != nullptr && creates && disk->Refuses()) return -1;
  const int fd = __real_open(path, flags, mode);
  if (disk == nullptr || fd < 0) return fd;
  if (creates) disk->Record({.kind = Op::Kind::kCreate, .path = path});
  disk->open_files[fd] = path;
  return fd;
}

ssize_t __wrap_write(int fd, const void* bytes, size_t count) {
  RecordedDisk* const disk = RecordedDisk::watching(fd);
  if (disk == nullptr) return __real_write(fd, bytes, count);
  const off_t offset = lseek(fd, 0, SEEK_CUR);
  if (disk->Refuses()) return -1;
  const size_t taken = disk->Shortens(count) ? count / 2 : count;
  disk->Record({.kind = Op::Kind::kWrite,
                .path = disk->open_files[fd],
                .bytes = std::string(static_cast<const char*>(bytes), taken),
                .offset = static_cast<std::size_t>(offset)});
  return __real_write(fd, bytes, taken);
}

ssize_t __wrap_pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  RecordedDisk* const disk = RecordedDisk::watching(fd);
  if (disk == nullptr) return __real_pwrite(fd, bytes, count, offset);
  if (disk->Refuses()) return -1;
  const size_t taken = disk->Shortens(count) ? count / 2 : count;
  disk->Record({.kind = Op::Kind::kWrite,
                .path = disk->open_files[fd],
                .bytes = std::string(static_cast<const char*>(bytes), taken),
                .offset = static_cast<std::size_t>(offset)});
  return __real_pwrite(fd, bytes, taken, offset);
}

// Nothing is really synced: the model says what would have been.
int __wrap_fsync(int fd) {
  RecordedDisk* const disk = RecordedDisk::watching(fd);
  if (disk == nullptr) return __real_fsync(fd);
  if (disk->Refuses()) return -1;
  struct stat status {};
  fstat(fd, &status);
  const bool folder = S_ISDIR(status.st_mode);
  disk->Record(
      {.kind = folder ? Op::Kind::kSyncFolder : Op::Kind::kSync, .path = disk->open_files[fd]});
  return 0;
}

int __wrap_close(int fd) {
  if (RecordedDisk* const disk = RecordedDisk::watching(fd)) disk->open_files.erase(fd);
  return __real_close(fd);
}

int __wrap_link(const char* from, const char* to) {
  RecordedDisk* const disk = RecordedDisk::watching(to);
  if (disk != nullptr && disk->refusals().links) {
    errno = EPERM;
    return -1;
  }
  if (disk != nullptr && disk->Refuses()) return -1;
  const int result = __real_link(from, to);
  if (disk != nullptr && result == 0)
    disk->Record({.kind = Op::Kind::kLink, .path = from, .to = to});
  return result;
}

// Nothing that is not there is removed.
int __wrap_unlink(const char* path) {
  RecordedDisk* const disk = RecordedDisk::watching(path);
  struct stat status {};
  const bool there = lstat(path, &status) == 0;
  if (disk != nullptr && there && disk->Refuses()) return -1;
  const int result = __real_unlink(path);
  if (disk != nullptr && result == 0) disk->Record({.kind = Op::Kind::kRemove, .path = path});
  return result;
}

int __wrap_rmdir(const char* path) {
  RecordedDisk* const disk = RecordedDisk::watching(path);
  if (disk != nullptr && disk->Refuses()) return -1;
  const int result = __real_rmdir(path);
  if (disk != nullptr && result == 0) disk->Record({.kind = Op::Kind::kRemove, .path = path});
  return result;
}

int __wrap_mkdir(const char* path, mode_t mode) {
  RecordedDisk* const disk = RecordedDisk::watching(path);
  if (disk != nullptr && disk->Refuses()) return -1;
  const int result = __real_mkdir(path, mode);
  if (disk != nullptr && result == 0) disk->Record({.kind = Op::Kind::kFolder, .path = path});
  return result;
}

// A folder of an overlay's lower layer, say.
static bool IsFolderThatStays(const RecordedDisk* disk, const char* from) {
  struct stat status {};
  if (disk == nullptr || !disk->refusals().folders || stat(from, &status) != 0) return false;
  errno = EXDEV;
  return S_ISDIR(status.st_mode);
}

int __wrap_rename(const char* from, const char* to) {
  RecordedDisk* const disk = RecordedDisk::watching(to);
  if (IsFolderThatStays(disk, from)) return -1;
  if (disk != nullptr && disk->Refuses()) return -1;
  const int result = __real_rename(from, to);
  if (disk != nullptr && result == 0)
    disk->Record({.kind = Op::Kind::kRename, .path = from, .to = to});
  return result;
}

int __wrap_renameat2(int from_fd, const char* from, int to_fd, const char* to, unsigned flags) {
  RecordedDisk* const disk = RecordedDisk::watching(to);
  if (disk != nullptr && disk->refusals().flags && flags != 0) {
    errno = EINVAL;
    return -1;
  }
  if (IsFolderThatStays(disk, from)) return -1;
  if (disk != nullptr && disk->Refuses()) return -1;
  const int result = __real_renameat2(from_fd, from, to_fd, to, flags);
  if (disk != nullptr && result == 0) {
    disk->Record({.kind = flags == RENAME_EXCHANGE ? Op::Kind::kSwap : Op::Kind::kRename,
                  .path = from,
                  .to = to});
  }
  return result;
}

}  // extern "C"
