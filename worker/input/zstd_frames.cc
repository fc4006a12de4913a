#include "worker/input/zstd_frames.h"

#include <algorithm>
#include <cstring>

namespace fathom {
namespace {

constexpr std::uint32_t kFrame = 0xFD2FB528;
constexpr std::uint32_t kSkippable = 0x184D2A50;  // to ...5F
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kBlockHeadBytes = 3;
constexpr std::size_t kChecksumBytes = 4;
constexpr std::uint32_t kRepeatedByte = 1;  // a block of one byte, repeated

// The bytes of a frame's header behind its descriptor.
std::size_t HeaderRest(unsigned descriptor) {
  constexpr std::size_t kDictionaryBytes[] = {0, 1, 2, 4};
  constexpr std::size_t kSizeBytes[] = {0, 2, 4, 8};
  const bool single_segment = (descriptor >> 5 & 1) != 0;
  std::size_t size_bytes = kSizeBytes[descriptor >> 6];
  if (size_bytes == 0 && single_segment) size_bytes = 1;
  return (single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3] + size_bytes;
}

}  // namespace

std::uint32_t ZstdFrames::Number() const {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < have_; ++i) number |= std::uint32_t{head_[i]} << (8 * i);
  return number;
}

void ZstdFrames::Add(std::string_view bytes) {
  while (!bytes.empty() && next_ != Next::kNoFrame) {
    if (skip_ > 0) {
      const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      skip_ -= passed;
      bytes.remove_prefix(passed);
      continue;
    }
    const std::size_t taken = std::min(wanted_ - have_, bytes.size());
    std::memcpy(head_ + have_, bytes.data(), taken);
    have_ += taken;
    bytes.remove_prefix(taken);
    if (have_ < wanted_) return;
    TakeHead();
    have_ = 0;
  }
}

void ZstdFrames::TakeHead() {
  const std::uint32_t number = Number();
  switch (next_) {
    case Next::kMagic:
      if (number == kFrame) return Expect(Next::kDescriptor, 1);
      if ((number & ~15U) == kSkippable) return Expect(Next::kSkippedSize, 4);
      return Expect(Next::kNoFrame, 0);
    case Next::kDescriptor:
      checksum_ = (number >> 2 & 1) != 0;
      skip_ = HeaderRest(number);
      return Expect(Next::kBlock, kBlockHeadBytes);
    case Next::kSkippedSize:
      skip_ = number;
      return Expect(Next::kMagic, kMagicBytes);
    case Next::kBlock: {
      const bool last = (number & 1) != 0;
      skip_ = (number >> 1 & 3) == kRepeatedByte ? 1 : number >> 3;
      if (!last) return Expect(Next::kBlock, kBlockHeadBytes);
      if (checksum_) skip_ += kChecksumBytes;
      return Expect(Next::kMagic, kMagicBytes);
    }
    case Next::kNoFrame:
      return;
  }
}

}  // namespace fathom
