#include "worker/text/short_text.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

namespace fathom {
namespace {

// A text at the end of a page of which the next one must not be touched.
TEST(ShortText, ReadsNothingBehindThePageOfTheText) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* const pages =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  char* const end = static_cast<char*>(pages) + page;
  ASSERT_EQ(mprotect(end, page, PROT_NONE), 0);
  constexpr std::string_view kDigits = "123456789";
  for (std::size_t before = 0; before < 2 * kShortTextBytes; ++before) {
    for (std::size_t size = 0; size <= std::min(before, kDigits.size()); ++size) {
      char* const at = end - before;
      std::fill(at, end, 'x');
      std::copy_n(kDigits.begin(), size, at);
      std::uint64_t expected = 0;
      std::memcpy(&expected, kDigits.data(), std::min(size, kShortTextBytes));
      EXPECT_EQ(ShortText({at, size}), expected) << before << " bytes before the end, " << size;
    }
  }
  munmap(pages, 2 * page);
}

}  // namespace
}  // namespace fathom
