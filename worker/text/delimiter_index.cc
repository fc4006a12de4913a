#include "worker/text/delimiter_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "common/processor.h"
#include "common/vector_clones.h"

namespace fathom {
namespace {

constexpr std::size_t kWord = 64;    // bytes compared at a time: a bit each
constexpr std::size_t kAtOnce = 16;  // cuts written at a time, be they there or not

// matches[w] has bit i set where text[64 w + i] == wanted, for `words` words of the text.
using FindMatches = void (*)(const char* text, std::size_t words, char wanted,
                             std::uint64_t* matches);

#if defined(__x86_64__)
__attribute__((target("avx512bw"))) void FindByAvx512(const char* text, std::size_t words,
                                                      char wanted, std::uint64_t* matches) {
  for (std::size_t w = 0; w < words; ++w) {
    matches[w] =
        _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(text + w * kWord), _mm512_set1_epi8(wanted));
  }
}

__attribute__((target("avx2"))) void FindByAvx2(const char* text, std::size_t words, char wanted,
                                                std::uint64_t* matches) {
  for (std::size_t h = 0; h < 2 * words; ++h) {
    const __m256i bytes =
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(text + h * kWord / 2));
    const __m256i equal = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted));
    const std::uint64_t half = static_cast<std::uint32_t>(_mm256_movemask_epi8(equal));
    matches[h / 2] = h % 2 == 0 ? half : matches[h / 2] | half << 32;
  }
}

void FindBySse2(const char* text, std::size_t words, char wanted, std::uint64_t* matches) {
  for (std::size_t q = 0; q < 4 * words; ++q) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text + q * kWord / 4));
    const __m128i equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted));
    const std::uint64_t quarter = static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
    matches[q / 4] = q % 4 == 0 ? quarter : matches[q / 4] | quarter << (16 * (q % 4));
  }
}

FindMatches FindFor(Vectors vectors) {
  if (vectors == Vectors::kAvx512) return FindByAvx512;
  return vectors == Vectors::kAvx2 ? FindByAvx2 : FindBySse2;
}
#else
void FindByByte(const char* text, std::size_t words, char wanted, std::uint64_t* matches) {
  for (std::size_t w = 0; w < words; ++w) {
    matches[w] = 0;
    for (std::size_t i = 0; i < kWord; ++i)
      matches[w] |= std::uint64_t{text[w * kWord + i] == wanted} << i;
  }
}

FindMatches FindFor(Vectors) { return FindByByte; }
#endif

// What stands where in a stretch of text: a bit for each byte.
class ByteMap {
 public:
  ByteMap(const char* text, std::size_t bytes, char wanted) {
    static const FindMatches find = FindFor(ChosenVectors());
    const std::size_t words = bytes / kWord, rest = bytes % kWord;
    find(text, words, wanted, matches_);
    if (rest == 0) return;
    char last[kWord] = {};
    std::memcpy(last, text + words * kWord, rest);
    find(last, 1, wanted, matches_ + words);
  }
  std::uint64_t operator[](std::size_t word) const { return matches_[word]; }

 private:
  std::uint64_t matches_[DelimiterIndex::kStretch / kWord];
};

// Writes the places of the set bits, counted from `base`, and returns how many they are. Writes up
// to kAtOnce numbers too many: a loop that stopped at the last bit would be mispredicted each time.
std::size_t WritePlaces(std::uint64_t bits, std::uint32_t base, std::uint32_t* places) {
  const auto count = static_cast<std::size_t>(std::popcount(bits));
  for (std::size_t i = 0; i < count; i += kAtOnce) {
    for (std::size_t j = 0; j < kAtOnce; ++j) {
      places[i + j] = base + static_cast<std::uint32_t>(std::countr_zero(bits));
      bits &= bits - 1;
    }
  }
  return count;
}

}  // namespace

DelimiterIndex::DelimiterIndex()
    : cuts_(new std::uint32_t[1 + kStretch + kAtOnce]), line_ends_(new std::uint32_t[kStretch]) {}

FATHOM_VECTOR_CLONES
void DelimiterIndex::Fill(std::string_view text, std::size_t begin, char separator,
                          bool stop_at_quote) {
  const std::size_t end = std::min(text.size(), begin + kStretch);
  const char* const from = text.data() + begin;
  const ByteMap newlines(from, end - begin, '\n');
  const ByteMap separators(from, end - begin, separator);
  const ByteMap quotes(from, stop_at_quote ? end - begin : 0, '"');
  std::size_t cuts = 0;
  lines_ = 0;
  cuts_[cuts++] = static_cast<std::uint32_t>(begin) - 1;
  for (std::size_t at = begin; at < end; at += kWord) {
    const std::size_t word = (at - begin) / kWord;
    if (stop_at_quote && quotes[word] != 0) return;
    const std::uint64_t found = newlines[word] | separators[word];
    for (std::uint64_t rest = newlines[word]; rest != 0; rest &= rest - 1) {
      const std::uint64_t before = (rest & -rest) - 1;
      line_ends_[lines_++] = static_cast<std::uint32_t>(
          cuts + static_cast<std::size_t>(std::popcount(found & before)));
    }
    cuts += WritePlaces(found, static_cast<std::uint32_t>(at), &cuts_[cuts]);
  }
}

}  // namespace fathom
