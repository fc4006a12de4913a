// The durable operations of the code under test (common/file) under a test's control: the linker
// sends its system calls here
// (--wrap, CMakeLists.txt).
//
// Under a watched folder every call is recorded in a model of a disk that knows what was synced and
// what was not, and can be made to fail. Other files are left alone.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace fathom::testing {

// What the disk holds, as far as it was told: names in folders and contents of files, each as it is
// now and as it was when last synced.
class RecordedDisk {
 public:
  // Watches `root`, which is there and empty. One at a time.
  explicit RecordedDisk(std::filesystem::path root);
  ~RecordedDisk();
  RecordedDisk(const RecordedDisk&) = delete;
  RecordedDisk& operator=(const RecordedDisk&) = delete;

  // How many operations there were that change or sync something.
  std::size_t operations() const { return operations_; }

  // The operation with this number and those after it, `count` in all, fail with this errno.
  void FailAt(std::size_t operation, int error, std::size_t count = 1);

  // From this operation on: writes take half of what they are given, once each.
  void ShortWritesFrom(std::size_t operation) { short_from_ = operation; }

  // As a file system that has no hard links, whose rename takes no flags (NFS, FUSE), that renames
  // no folders.
  struct Refusals {
    bool links = false;
    bool flags = false;
    bool folders = false;
  };
  void Refuse(Refusals refusals) { refusals_ = refusals; }

  // How many writes took less than they were given.
  std::size_t short_writes() const { return short_writes_; }

  // How many changes and syncs there were, which a crash may come after.
  std::size_t changes() const;

  // As a crash right after the first `changes` of them would leave it. kSynced: nothing that
  // was not synced is there; kAll: everything is; kNames: all names, but of the contents only what
  // was synced.
  enum class Keep { kSynced, kAll, kNames };
  void Restore(std::size_t changes, Keep keep, const std::filesystem::path& into) const;

  // Whether a file or folder is renamed within some changes of this one.
  bool NearARename(std::size_t change) const;

  // For the wrapped calls.
  struct Node;
  struct Operation;
  static RecordedDisk* watching(const std::filesystem::path& path);
  static RecordedDisk* watching(int fd);
  bool Refuses();  // counts the operation; sets errno
  const Refusals& refusals() const { return refusals_; }
  bool Shortens(std::size_t bytes);
  void Record(Operation operation);
  std::map<int, std::string> open_files;

 private:
  std::string Relative(const std::filesystem::path& path) const;

  std::filesystem::path root_;
  std::vector<Operation> log_;
  std::size_t operations_ = 0;
  std::size_t fail_from_ = SIZE_MAX;
  std::size_t fail_to_ = SIZE_MAX;
  int error_ = 0;
  Refusals refusals_;
  std::size_t short_from_ = SIZE_MAX;
  std::size_t short_writes_ = 0;
};

}  // namespace fathom::testing
