// Where fields and lines end in a stretch of text, found 64 bytes at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

namespace fathom {

// Thread rule: one thread's own. Its memory is bounded by the stretch, whatever the text.
class DelimiterIndex {
 public:
  // Lines that fit into one call of Fill keep their index; a longer line has none.
  static constexpr std::size_t kStretch = 8192;

  DelimiterIndex();

  // Indexes the whole lines of text[begin, begin + kStretch). `stop_at_quote`: those before the
  // first line with a quote. `separator` is not 0 and no line end. text.size() < 2^32.
  void Fill(std::string_view text, std::size_t begin, char separator, bool stop_at_quote);

  // How many lines there are, whole and blank ones too.
  std::size_t lines() const { return lines_; }

  // The cuts of a line: one before its first byte, one at each separator, one at its '\n'. Field f
  // lies between cut f and cut f + 1, both exclusive. The cut before byte 0 is 2^32 - 1.
  std::span<const std::uint32_t> Cuts(std::size_t line) const {
    const std::uint32_t first = line == 0 ? 0 : line_ends_[line - 1];
    return {cuts_.get() + first, line_ends_[line] - first + 1};
  }

 private:
  std::unique_ptr<std::uint32_t[]> cuts_;       // offsets in the text, ascending
  std::unique_ptr<std::uint32_t[]> line_ends_;  // which of the cuts are line ends
  std::size_t lines_ = 0;
};

}  // namespace fathom
