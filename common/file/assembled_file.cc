#include "common/file/assembled_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/check.h"
#include "common/file/replaced_file.h"

namespace fathom {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 18;
constexpr int kNewFileMode = 0666;

}  // namespace

AssembledFile::AssembledFile(const std::filesystem::path& file, std::uint64_t bytes, ExitCode code)
    : file_(FollowLinks(file)),
      partial_(OwnPartialOf(file_)),
      code_(code),
      fd_(open(partial_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kNewFileMode)) {
  if (fd_.get() < 0) Refused();
  const auto length = static_cast<off_t>(bytes);
  if (length == 0) return;
  // Not every file system can take space beforehand.
  const bool is_full = fallocate(fd_.get(), 0, 0, length) != 0 &&
                       (errno == ENOSPC || errno == EDQUOT || errno == EFBIG);
  if (!is_full && ftruncate(fd_.get(), length) == 0) return;
  const int why = errno;
  unlink(partial_.c_str());
  Fail(code_, "{}: {} bytes cannot be written: {}: make room, or name a file on another disk",
       file_.string(), bytes, std::strerror(why));
}

AssembledFile::~AssembledFile() {
  std::error_code ignored;
  if (!finished_) std::filesystem::remove(partial_, ignored);
}

void AssembledFile::Refused() const {
  Fail(code_, "{}: cannot be written: {}: check the folder and the disk", file_.string(),
       std::strerror(errno));
}

AssembledFile::Part& AssembledFile::AddPart(std::uint64_t offset, std::uint64_t bytes) {
  return parts_.emplace_back(*this, offset, bytes);
}

void AssembledFile::WriteAt(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) Refused();
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void AssembledFile::Part::Write(std::span<const std::byte> bytes) {
  FATHOM_CHECK(bytes.size() <= end_ - at_ - buffer_.size());
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  if (buffer_.size() >= kBufferBytes) WriteOut();
}

void AssembledFile::Part::WriteOut() {
  sum_.Add(buffer_);
  file_.WriteAt(at_, buffer_);
  at_ += buffer_.size();
  buffer_.clear();
}

std::uint64_t AssembledFile::Part::Checksum() {
  WriteOut();
  FATHOM_CHECK_EQ(at_, end_);
  return sum_.Digest();
}

void AssembledFile::Finish() {
  for (Part& part : parts_) {
    part.WriteOut();
    FATHOM_CHECK_EQ(part.at_, part.end_);
  }
  if (!fd_.Close()) Refused();
  std::error_code refused;
  std::filesystem::rename(partial_, file_, refused);
  if (refused)
    Fail(code_, "{}: cannot be written: {}: check the folder and the disk", file_.string(),
         refused.message());
  finished_ = true;
}

}  // namespace fathom
