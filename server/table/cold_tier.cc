#include "server/table/cold_tier.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "common/byte_size.h"
#include "common/check.h"
#include "common/error.h"
#include "common/log_line.h"
#include "server/table/mapped_memory.h"

namespace fathom {
namespace {

namespace fs = std::filesystem;

// Shares of the window: where pages begin to leave, until how few are left, and where they must be
// gone.
constexpr double kFullWindow = 0.85;
constexpr double kKeptWindow = 0.75;
constexpr double kLastShare = 0.95;
constexpr std::size_t kSmallestWindowShare = 16;  // of the limit: a sixteenth

// Blocks are aligned to their size, of which this is a multiple.
constexpr std::size_t kReservedUnit = std::size_t{64} << 20;

// Of the kernel's page that holds the byte: asked for with each row. A page is a power of two.
std::size_t BeginOfPage(std::size_t offset) {
  return offset & ~(MappedMemory::KernelPageBytes() - 1);
}

[[noreturn]] void FailDir(const std::string& dir, int error) {
  Fail(ExitCode::kUsage,
       "server.cold_tier = \"{}\": {}; name a folder on a local disk that every server may write "
       "to",
       dir, std::strerror(error));
}

// A file without a name.
int OpenScratchFile(const std::string& dir) {
  std::error_code error;
  fs::create_directories(dir, error);
  if (error) FailDir(dir, error.value());
  const int fd = open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0) return fd;
  std::string name = dir + "/cold-XXXXXX";  // where the file system knows no such files
  const int named = mkostemp(name.data(), O_CLOEXEC);
  if (named < 0) FailDir(dir, errno);
  unlink(name.c_str());
  return named;
}

std::size_t FreeBytes(int fd, const std::string& dir) {
  struct statvfs disk {};
  if (fstatvfs(fd, &disk) != 0) FailDir(dir, errno);
  return static_cast<std::size_t>(disk.f_bavail) * disk.f_frsize;
}

}  // namespace

ColdTier::ColdTier(const Config& config, double share) : dir_(config.server.cold_tier) {
  if (dir_.empty()) return;
  limit_ = static_cast<std::size_t>(share * config.server.memory_limit.bytes());
  fd_ = OpenScratchFile(dir_);
  reserved_bytes_ = (FreeBytes(fd_, dir_) / kReservedUnit + 2) * kReservedUnit;
  void* const place =
      mmap(nullptr, reserved_bytes_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) {
    Fail(ExitCode::kTraining, "no {} bytes of addresses for server.cold_tier: {}; raise ulimit -v",
         reserved_bytes_, std::strerror(errno));
  }
  const auto begin = reinterpret_cast<std::uintptr_t>(place);
  const std::uintptr_t aligned = (begin + kReservedUnit - 1) / kReservedUnit * kReservedUnit;
  // What lies before it stays reserved: address space is all that it costs.
  base_ = reinterpret_cast<std::byte*>(aligned);
  reserved_bytes_ -= aligned - begin;
  SetOtherBytes(0);
}

ColdTier::~ColdTier() {
  if (!on()) return;
  munmap(base_, reserved_bytes_);
  close(fd_);
}

std::byte* ColdTier::AddBlock(std::size_t bytes) {
  FATHOM_CHECK_EQ(kReservedUnit % bytes, std::size_t{0});
  if (file_bytes_ == 0) {
    LogInfo("rows beyond {} MB lie on disk, in {}; up to {} MB of them are in memory",
            first_rows_bytes() >> 20, dir_, window_ >> 20);
  }
  const bool fits = file_bytes_ + bytes <= reserved_bytes_;
  const int error =
      fits ? posix_fallocate(fd_, static_cast<off_t>(file_bytes_), static_cast<off_t>(bytes))
           : ENOSPC;
  if (error != 0) {
    Fail(ExitCode::kTraining,
         "server.cold_tier = \"{}\": no room for {} MB more of rows after {} MB: {}; name another "
         "disk, or spread the tables over more hosts",
         dir_, bytes >> 20, file_bytes_ >> 20, std::strerror(error));
  }
  std::byte* const block = base_ + file_bytes_;
  void* const place = mmap(block, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd_,
                           static_cast<off_t>(file_bytes_));
  if (place == MAP_FAILED) {
    Fail(ExitCode::kTraining, "server.cold_tier: mapping {} MB more: {}", bytes >> 20,
         std::strerror(errno));
  }
  // Without it the kernel would read the neighbours of each page, too.
  static_cast<void>(madvise(block, bytes, MADV_RANDOM));
  file_bytes_ += bytes;
  extents_.resize(file_bytes_ / kExtentBytes);
  return block;
}

// Whether all of it was in memory.
bool ColdTier::MarkResident(const void* place, std::size_t bytes, bool used) {
  const std::size_t first = BeginOfPage(OffsetOf(place)) / kPageBytes;
  const std::size_t end =
      BeginOfPage(OffsetOf(place) + bytes - 1) + MappedMemory::KernelPageBytes();
  const std::size_t last = end / kPageBytes - 1;
  constexpr std::size_t kPages = kExtentBytes / kPageBytes;
  bool all = true;
  for (std::size_t page = first; page <= last; ++page) {
    Extent& extent = extents_[page / kPages];
    const auto bit = static_cast<PageBits>(1U << (page % kPages));
    extent.used |= used;
    if ((extent.pages & bit) != 0) continue;
    extent.pages |= bit;
    ++resident_pages_;
    all = false;
  }
  return all;
}

void ColdTier::Use(const void* place, std::size_t bytes) { MarkResident(place, bytes, true); }

bool ColdTier::FetchAhead(const void* place, std::size_t bytes) {
  if (MarkResident(place, bytes, true)) return true;
  AskForPages(place, bytes);
  return false;
}

void ColdTier::Visit(const void* place, std::size_t bytes) {
  if (!MarkResident(place, bytes, false)) AskForPages(place, bytes);
}

// Where the kernel declines, the pages come when they are touched.
void ColdTier::AskForPages(const void* place, std::size_t bytes) {
  const std::size_t begin = BeginOfPage(OffsetOf(place));
  const std::size_t end = OffsetOf(place) + bytes;
  static_cast<void>(madvise(base_ + begin, end - begin, MADV_WILLNEED));
}

void ColdTier::SetOtherBytes(std::size_t bytes) {
  const std::size_t smallest = limit_ / kSmallestWindowShare;
  window_ = std::max(limit_ > bytes ? limit_ - bytes : 0, smallest);
  if (limit_ >= bytes + smallest || crowded_) return;
  crowded_ = true;
  LogWarning(
      "the index of the rows and those that stay in memory leave little of server.memory_limit for "
      "rows on disk: {} MB of {} MB are taken; {} MB are used for them all the same",
      bytes >> 20, limit_ >> 20, smallest >> 20);
}

void ColdTier::KeepWithin() {
  const auto above = [&](double share) {
    return static_cast<double>(resident_bytes()) > share * static_cast<double>(window_);
  };
  if (!above(kFullWindow)) return;
  if (leaving_.empty()) BeginLeaving();
  while (above(kLastShare) && !leaving_.empty()) {
    FinishLeaving();
    if (above(kFullWindow)) BeginLeaving();
  }
}

// Chooses what leaves and begins to write it: the disk works while training goes on.
void ColdTier::BeginLeaving() {
  const auto keep =
      static_cast<std::size_t>(kKeptWindow * static_cast<double>(window_)) / kPageBytes;
  std::size_t left = resident_pages_;
  for (std::size_t steps = 0; left > keep && steps < 2 * extents_.size(); ++steps) {
    const std::size_t at = hand_;
    hand_ = hand_ + 1 == extents_.size() ? 0 : hand_ + 1;
    Extent& extent = extents_[at];
    if (extent.pages == 0 || extent.leaving) continue;
    if (extent.used) {
      extent.used = false;
      continue;
    }
    extent.leaving = true;
    left -= static_cast<std::size_t>(std::popcount(extent.pages));
    if (!leaving_.empty() && leaving_.back().end == at) {
      leaving_.back().end = at + 1;
    } else {
      leaving_.push_back({at, at + 1});
    }
  }
  for (const Run& run : leaving_) {
    sync_file_range(fd_, static_cast<off64_t>(run.begin * kExtentBytes),
                    static_cast<off64_t>((run.end - run.begin) * kExtentBytes),
                    SYNC_FILE_RANGE_WRITE);
  }
}

// Those that were used again meanwhile stay.
void ColdTier::FinishLeaving() {
  for (const Run& run : leaving_) {
    std::size_t begin = run.begin;
    for (std::size_t at = run.begin; at < run.end; ++at) {
      extents_[at].leaving = false;
      if (!extents_[at].used) continue;
      if (begin < at) LetGo({begin, at});
      begin = at + 1;
    }
    if (begin < run.end) LetGo({begin, run.end});
  }
  leaving_.clear();
}

void ColdTier::LetGo(Run run) {
  const auto offset = static_cast<off64_t>(run.begin * kExtentBytes);
  const std::size_t bytes = (run.end - run.begin) * kExtentBytes;
  if (sync_file_range(
          fd_, offset, static_cast<off64_t>(bytes),
          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
    Fail(ExitCode::kTraining, "server.cold_tier = \"{}\": rows cannot be written: {}", dir_,
         std::strerror(errno));
  }
  // Gives the pages up, of this process and of the kernel; nothing is lost where they stay.
  static_cast<void>(madvise(base_ + offset, bytes, MADV_DONTNEED));
  static_cast<void>(posix_fadvise(fd_, offset, static_cast<off_t>(bytes), POSIX_FADV_DONTNEED));
  for (std::size_t at = run.begin; at < run.end; ++at) {
    resident_pages_ -= static_cast<std::size_t>(std::popcount(extents_[at].pages));
    extents_[at].pages = 0;
  }
}

}  // namespace fathom
