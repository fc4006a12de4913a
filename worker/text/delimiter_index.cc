#include "worker/text/delimiter_index.h"

#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace fathom {
namespace {

constexpr std::size_t kWord = 64;    // bytes compared at a time: a bit each
constexpr std::size_t kAtOnce = 16;  // cuts written at a time, be they there or not

// Bit i is set where at[i] == wanted.
#if defined(__AVX512BW__)
std::uint64_t Matches(const char* at, char wanted) {
  return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8(wanted));
}
#elif defined(__AVX2__)
std::uint64_t Matches(const char* at, char wanted) {
  const auto half = [&](std::size_t offset) {
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + offset));
    const __m256i equal = _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(wanted));
    return std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(equal))} << offset;
  };
  return half(0) | half(32);
}
#elif defined(__SSE2__)
std::uint64_t Matches(const char* at, char wanted) {
  const auto quarter = [&](std::size_t offset) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at + offset));
    const __m128i equal = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(wanted));
    return std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(equal))} << offset;
  };
  return quarter(0) | quarter(16) | quarter(32) | quarter(48);
}
#else
std::uint64_t Matches(const char* at, char wanted) {
  std::uint64_t matches = 0;
  for (std::size_t i = 0; i < kWord; ++i) matches |= std::uint64_t{at[i] == wanted} << i;
  return matches;
}
#endif

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

void DelimiterIndex::Fill(std::string_view text, std::size_t begin, char separator,
                          bool stop_at_quote) {
  const std::size_t end = std::min(text.size(), begin + kStretch);
  std::size_t cuts = 0;
  lines_ = 0;
  cuts_[cuts++] = static_cast<std::uint32_t>(begin) - 1;
  for (std::size_t at = begin; at < end; at += kWord) {
    const char* word = text.data() + at;
    char last[kWord] = {};
    if (end - at < kWord) word = static_cast<const char*>(std::memcpy(last, word, end - at));
    if (stop_at_quote && Matches(word, '"') != 0) return;
    const std::uint64_t newlines = Matches(word, '\n');
    const std::uint64_t found = newlines | Matches(word, separator);
    for (std::uint64_t rest = newlines; rest != 0; rest &= rest - 1) {
      const std::uint64_t before = (rest & -rest) - 1;
      line_ends_[lines_++] = static_cast<std::uint32_t>(
          cuts + static_cast<std::size_t>(std::popcount(found & before)));
    }
    cuts += WritePlaces(found, static_cast<std::uint32_t>(at), &cuts_[cuts]);
  }
}

}  // namespace fathom
