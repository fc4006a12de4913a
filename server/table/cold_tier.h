// Rows beyond the memory that a server may use, in blocks of a mapped file (server.cold_tier).
//
// A row in such a block is read and written through its address like any other: the kernel fetches
// the page it lies on and writes it back. What is in memory decides how long that takes and nothing
// else, so the bits are those of a run that keeps all in memory. This class counts the pages that
// are in memory and lets the extents go that were used longest ago, by second chance (the clock
// algorithm, Corbato 1968), once they are more than the window holds. What leaves is written in the
// background first. Whoever is about to touch rows calls Use, FetchAhead or Visit before.
//
// The file has no name: the kernel removes it when the process ends, however that ends. Room on the
// disk is taken when a block is added, so a full disk is found then and not by a later write.
// Thread rule: the server's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "common/config/config.h"

namespace fathom {

class ColdTier {
 public:
  static constexpr std::size_t kExtentBytes = std::size_t{64} << 10;  // leaves as one

  // Off where the config names no folder: then nothing else may be called. `share`: of the memory
  // limit, this server's. Throws Error(kUsage) where the folder cannot be used.
  ColdTier(const Config& config, double share);
  ~ColdTier();
  ColdTier(const ColdTier&) = delete;
  ColdTier& operator=(const ColdTier&) = delete;

  bool on() const { return fd_ >= 0; }

  // Bytes of the rows created first that stay in memory, outside the file: a quarter of the limit.
  // Where some keys are used more than others, those are met first.
  std::size_t first_rows_bytes() const { return limit_ / 4; }

  // A zeroed block at a multiple of its size, a power of two, the same for all. Throws
  // Error(kTraining) when the disk has no room for it.
  std::byte* AddBlock(std::size_t bytes);

  bool Holds(const void* place) const { return OffsetOf(place) < file_bytes_; }

  // The bytes are about to be read or written.
  void Use(const void* place, std::size_t bytes);

  // As Use; begins to read what is not in memory, without waiting. Returns whether all of it was.
  bool FetchAhead(const void* place, std::size_t bytes);

  // As FetchAhead, of what is read once in passing: it is the first to go.
  void Visit(const void* place, std::size_t bytes);

  // The rest of the memory limit is for pages of the file; at least a sixteenth is.
  void SetOtherBytes(std::size_t bytes);

  // Lets pages go until the rest is within the window. Throws Error(kTraining) where the disk
  // fails.
  void KeepWithin();

  std::size_t resident_bytes() const { return resident_pages_ * kPageBytes; }
  std::size_t file_bytes() const { return file_bytes_; }

 private:
  static constexpr std::size_t kPageBytes = 4096;  // the kernel's, or a part of it
  using PageBits = std::uint16_t;
  static_assert(kExtentBytes / kPageBytes == 8 * sizeof(PageBits));

  struct Extent {
    PageBits pages = 0;  // in memory
    bool used = false;   // since the hand came by
    bool leaving = false;
  };
  struct Run {  // of extents
    std::size_t begin;
    std::size_t end;
  };

  std::size_t OffsetOf(const void* place) const {
    return static_cast<std::size_t>(static_cast<const std::byte*>(place) - base_);
  }
  bool MarkResident(const void* place, std::size_t bytes, bool used);
  void AskForPages(const void* place, std::size_t bytes);
  void BeginLeaving();
  void FinishLeaving();
  void LetGo(Run run);

  std::string dir_;
  int fd_ = -1;
  std::size_t limit_ = 0;   // of the server's tables
  std::size_t window_ = 0;  // for pages of the file
  std::byte* base_ = nullptr;
  std::size_t reserved_bytes_ = 0;  // of addresses
  std::size_t file_bytes_ = 0;
  std::vector<Extent> extents_;
  std::size_t resident_pages_ = 0;
  std::size_t hand_ = 0;
  std::vector<Run> leaving_;
  bool crowded_ = false;  // said that the index takes most of the limit
};

}  // namespace fathom
