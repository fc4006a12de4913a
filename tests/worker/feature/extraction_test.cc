#include "worker/feature/extraction.h"

#include <gtest/gtest.h>

#include <regex>

#include "common/random.h"
#include "tests/support/expect_error.h"

namespace fathom {
namespace {

TEST(Extraction, TheFirstGroupOrTheWholeMatch) {
  EXPECT_EQ(Extraction("\\((\\d{4})\\)", "year").Of("Toy Story (1995)"), "1995");
  EXPECT_EQ(Extraction("\\d{4}", "year").Of("Toy Story (1995)"), "1995");
  EXPECT_EQ(Extraction("(a)(b)", "c").Of("xab"), "a");
  EXPECT_EQ(Extraction("(?:a)(b)", "c").Of("xab"), "b");
  EXPECT_EQ(Extraction("^\\d+$", "c").Of("12a"), "");
  EXPECT_EQ(Extraction("a(b)?c", "c").Of("ac"), "") << "a group without a part in the match";
  EXPECT_EQ(Extraction("x*", "c").Of("abc"), "");
  EXPECT_EQ(Extraction("([^ ]+)$", "c").Of("a b \xC3\xBC"), "\xC3\xBC");
  EXPECT_EQ(Extraction("(\\d+)", "c").Of("\xFF\xFE 7"), "7") << "bytes that are no UTF-8";
}

// Random texts and a few expressions that both libraries read alike.
TEST(Extraction, AgreesWithTheStandardLibrary) {
  for (const char* expression : {"b(a+)", "[ab]+c", "^a(.)", "(c|ab)b*$", "a?b"}) {
    const Extraction extraction(expression, "c");
    const std::regex standard(expression);
    for (std::uint64_t i = 0; i < 500; ++i) {
      std::string text;
      for (std::uint64_t n = 0; n < Mix64(i) % 9; ++n)
        text += static_cast<char>('a' + Mix64(i, n) % 3);
      std::smatch match;
      const bool found = std::regex_search(text, match, standard);
      const std::string expected = found ? match[match.size() > 1 ? 1 : 0].str() : "";
      ASSERT_EQ(extraction.Of(text), expected) << expression << " in " << text;
    }
  }
}

TEST(Extraction, AnExpressionThatIsNone) {
  const auto refused = [](const char* expression, std::initializer_list<const char*> words) {
    testing::ExpectError(ExitCode::kUsage, words, [&] { Extraction(expression, "year"); });
  };
  refused("(\\d{4}", {"\"year\"", "missing )"});
  refused("ab[c", {"missing ]", "at character 3"});
  refused("ab**", {"bad repetition", "at character 3"});
  refused("a(?=b)", {"invalid perl operator", "at character 2"});
  refused("a\\1", {"invalid escape", "at character 2"});
}

}  // namespace
}  // namespace fathom
