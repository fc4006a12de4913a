#include "common/net/payload.h"

#include "common/error.h"

namespace fathom {

void PayloadReader::Finish() const {
  if (at_ != bytes_.size()) {
    Fail(ExitCode::kPeer, "a payload of {} bytes has {} bytes too many at its end", bytes_.size(),
         bytes_.size() - at_);
  }
}

void PayloadReader::CheckCount(std::uint64_t count, std::size_t item_bytes) const {
  const std::size_t left = bytes_.size() - at_;
  if (count > left / item_bytes) {
    Fail(ExitCode::kPeer, "a payload of {} bytes claims {} items of {} bytes at byte {}",
         bytes_.size(), count, item_bytes, at_);
  }
}

const std::byte* PayloadReader::Take(std::size_t alignment, std::size_t bytes) {
  const std::size_t begin = (at_ + alignment - 1) / alignment * alignment;
  if (begin > bytes_.size() || bytes > bytes_.size() - begin) {
    Fail(ExitCode::kPeer, "a payload of {} bytes ends where {} bytes are expected at byte {}",
         bytes_.size(), bytes, begin);
  }
  at_ = begin + bytes;
  return bytes_.data() + begin;
}

}  // namespace fathom
