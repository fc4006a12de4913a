// Follows the frames of zstd data (RFC 8878, section 3.1) by their headers, to know whether the
// data end where a frame does: a decompressor that runs out of input does not say so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fathom {

// Thread rule: one thread's own.
class ZstdFrames {
 public:
  // The next bytes of the data, any number at a time. What is no frame is left to the decompressor
  // to refuse.
  void Add(std::string_view bytes);

  // Whether what came so far is nothing but whole frames.
  bool Whole() const { return next_ == Next::kMagic && have_ == 0 && skip_ == 0; }

 private:
  enum class Next { kMagic, kDescriptor, kSkippedSize, kBlock, kNoFrame };

  void TakeHead();
  void Expect(Next next, std::size_t bytes) {
    next_ = next;
    wanted_ = bytes;
  }
  std::uint32_t Number() const;

  Next next_ = Next::kMagic;
  std::size_t wanted_ = 4;  // bytes of the head that comes next
  std::size_t have_ = 0;    // of them
  std::uint64_t skip_ = 0;  // bytes that pass unread before it
  unsigned char head_[4] = {};
  bool checksum_ = false;  // this frame ends with one
};

}  // namespace fathom
