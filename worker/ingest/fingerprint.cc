#include "worker/ingest/fingerprint.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>

#include "common/error.h"
#include "common/file/descriptor.h"
#include "common/random.h"
#include "common/settings/config_dump.h"
#include "common/xxh3.h"
#include "worker/data/packed_format.h"

namespace fathom {
namespace {

// Of ingest.json. Another one is packed beside, so that no summary of an earlier form is read.
constexpr int kSummaryVersion = 5;

constexpr std::uint64_t kWholeBytes = 1 << 20;  // a file of up to so many is hashed whole
constexpr std::uint64_t kEndBytes = 1 << 16;    // at its begin, middle and end
constexpr std::uint64_t kPlaceBytes = 1 << 12;
constexpr std::uint64_t kPlaces = 16;

// The bytes of a file that are looked at: all of a small one.
class SampledBytes {
 public:
  explicit SampledBytes(const InputFile& file)
      : name_(file.name), file_(Descriptor::OfPlainFile(file.path)) {
    if (file_.get() < 0 || fstat(file_.get(), &status_) != 0)
      Fail(ExitCode::kData, "{}: cannot be opened: {}", name_, Descriptor::WhyNot());
  }

  const struct stat& status() const { return status_; }

  std::uint64_t Hash() {
    const auto bytes = static_cast<std::uint64_t>(status_.st_size);
    if (bytes <= kWholeBytes) {
      Add(0, bytes);
      return hash_.Digest();
    }
    for (const std::uint64_t at : {std::uint64_t{0}, bytes / 2, bytes - kEndBytes})
      Add(at, kEndBytes);
    for (std::uint64_t i = 0; i < kPlaces; ++i)
      Add(Mix64(bytes, i) % (bytes - kPlaceBytes), kPlaceBytes);
    return hash_.Digest();
  }

 private:
  // A file that became shorter meanwhile has other bytes.
  void Add(std::uint64_t at, std::uint64_t bytes) {
    buffer_.resize(bytes);
    const ssize_t got = pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(at));
    if (got < 0) Fail(ExitCode::kData, "{}: cannot be read: {}", name_, std::strerror(errno));
    hash_.Add(std::span(buffer_).first(static_cast<std::size_t>(got)));
  }

  std::string name_;
  Descriptor file_;
  struct stat status_ {};
  std::vector<std::byte> buffer_;
  Xxh3Stream hash_;
};

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Of one file, a line. Not its inode: on some file systems that is another one each day.
std::string FileLine(const InputFile& file) {
  if (file.contents) return fmt::format("{} {:016x}\n", file.split_name, *file.contents);
  SampledBytes bytes(file);
  const struct stat& status = bytes.status();
  return fmt::format("{} {} {} {} {:016x}\n", file.name, status.st_size,
                     Nanoseconds(status.st_mtim), Nanoseconds(status.st_ctim), bytes.Hash());
}

}  // namespace

std::string Fingerprint(const Config& config, const std::vector<InputFile>& files,
                        const std::string& earlier_transforms) {
  Config relevant;
  relevant.data = config.data;
  relevant.data.packed_dir.clear();
  relevant.data.packed_keep = DataConfig().packed_keep;
  relevant.data.max_bad_lines = 0;
  relevant.data.duckdb.clear();
  relevant.joins = config.joins;
  relevant.columns = config.columns;
  relevant.crosses = config.crosses;
  relevant.evaluate.group_by = config.evaluate.group_by;
  relevant.output.side_tables = config.output.side_tables;
  relevant.output.names = config.output.names;
  for (ColumnConfig& column : relevant.columns) {
    column.dim = 0;
    column.pooling = Pooling::kSum;
    if (column.use != Use::kNone) column.use = Use::kBoth;
  }
  for (CrossConfig& cross : relevant.crosses) {
    cross.dim = 0;
    cross.pooling = Pooling::kSum;
    cross.use = Use::kWide;
  }
  std::string text = fmt::format("packed {}, summary {}\n{}", kPackedVersion, kSummaryVersion,
                                 DumpConfig(relevant));
  for (const InputFile& file : files) text += FileLine(file);
  if (!earlier_transforms.empty()) {
    text += fmt::format("begins with transforms {:016x}, statistics {}\n", Xxh3(earlier_transforms),
                        NameOf(config.warm_start.statistics));
  }
  return fmt::format("{:016x}", Xxh3(text));
}

}  // namespace fathom
