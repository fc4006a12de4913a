// Sizes as people write them: "24GB", "512MiB".
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fathom {

// A number of bytes and the text that said so; or none, the empty text.
class ByteSize {
 public:
  ByteSize() = default;

  // A number and a unit of B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (of 1024),
  // above 0; or the empty text. Nothing where the text is neither.
  static std::optional<ByteSize> Parse(std::string_view text);

  // As Parse. Throws Error(kUsage).
  ByteSize(const char* text);  // NOLINT: a default in config.h is written as its text

  bool given() const { return !text_.empty(); }
  double bytes() const { return bytes_; }  // 0: none is given
  const std::string& text() const { return text_; }
  friend bool operator==(const ByteSize&, const ByteSize&) = default;

 private:
  double bytes_ = 0;
  std::string text_;
};

// For messages that end in what a size looks like.
inline constexpr const char* kByteSizeForm = "a number and a unit, as 24GB or 512MiB";

}  // namespace fathom
