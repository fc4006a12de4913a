// Files that must be on the disk before anybody relies on them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "common/buffer.h"
#include "common/error.h"
#include "common/file/alive.h"
#include "common/file/file_sink.h"
#include "common/xxh3.h"

namespace fathom {

inline constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

// Writes a new file block by block and sums it up on the way. Finish returns when it is on the
// disk; a file that is not finished is removed. All throw Error(kModel) that names the file and the
// system's reason.
class DurableFile {
 public:
  // On this host, in the place of one that has the name.
  explicit DurableFile(const std::filesystem::path& file);
  explicit DurableFile(std::unique_ptr<FileSink> sink);
  DurableFile(const DurableFile&) = delete;
  DurableFile& operator=(const DurableFile&) = delete;

  void Write(std::span<const std::byte> bytes);
  void Finish();

  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t checksum() const { return checksum_.Digest(); }  // XXH3-64

  // XXH3-64 of every kBlockBytes of it.
  const std::vector<std::uint64_t>& blocks() const { return blocks_; }

 private:
  void WriteOut();

  std::unique_ptr<FileSink> sink_;
  std::vector<std::byte> buffer_;
  std::uint64_t bytes_ = 0;
  Xxh3Stream checksum_;
  std::vector<std::uint64_t> blocks_;
};

// A part of a file and where it lies in it.
struct FilePiece {
  std::uint64_t offset;
  std::span<const std::byte> bytes;
};

// Writes pieces into an existing file, each at its offset, and syncs it.
void OverwriteDurably(const std::filesystem::path& file, std::span<const FilePiece> pieces);

// The whole of a plain file; others are refused and not waited for. The error says `remedy`.
Buffer ReadFile(const std::filesystem::path& file, const std::string& remedy,
                ExitCode code = ExitCode::kModel, const Alive& alive = SayNothing);

// Makes a folder and those above it, where they are not there.
void MakeFolder(const std::filesystem::path& dir);

// A new name for a file or folder; what had it is replaced if it is a file.
void Rename(const std::filesystem::path& from, const std::filesystem::path& to);

// Makes the names in a folder as durable as the files.
void SyncDir(const std::filesystem::path& dir);

// A second name for a file. False where the file system has none to give, or where the file or its
// folder is not there any more; the errors that mean something else throw Error(kModel).
bool LinkFile(const std::filesystem::path& from, const std::filesystem::path& to);

// A second name, or where there is none to give a copy, which is synced.
void LinkOrCopy(const std::filesystem::path& from, const std::filesystem::path& to);

// Removes a folder and what is in it; `last`, if it is not empty, after all else in it. Nothing
// happens where there is none. A folder that something is mounted on stays, and files that another
// process holds open stay where the file system cannot do without their names (NFS).
void RemoveFolder(const std::filesystem::path& folder, const std::filesystem::path& last = {});

}  // namespace fathom
