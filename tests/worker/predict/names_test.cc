#include "worker/predict/names.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/random.h"
#include "tests/support/expect_error.h"
#include "worker/feature/name_list.h"

namespace fathom {
namespace {

using testing::ExpectError;

std::string Written(const NameList& names) {
  std::string text;
  names.Write([&](std::string_view piece) { text += piece; });
  return text;
}

TEST(Names, TellTheTextOfAKey) {
  NameList names({"user", "user x\titem"});
  names.Add(0, 7, "anna");
  names.Add(1, 7, "a\tb\\c\nd\r");
  names.Add(0, ~Key{0}, "");
  const FeatureNames read(Written(names), "names.tsv");
  EXPECT_EQ(read.size(), 3U);
  EXPECT_EQ(read.NameOf("user", 7), (FeatureName{"anna", false}));
  EXPECT_EQ(read.NameOf("user x\titem", 7), (FeatureName{"a\tb\\c\nd\r", false}));
  EXPECT_EQ(read.NameOf("user", ~Key{0}), (FeatureName{"", false}));
  EXPECT_EQ(read.NameOf("user", 8), std::nullopt);
  EXPECT_EQ(read.NameOf("item", 7), std::nullopt);
  EXPECT_EQ(read.Shown("user", 7), "anna");
  EXPECT_EQ(read.Shown("user", 8), "#0000000000000008");
}

TEST(Names, OfSeveralTextsTheSmallestStandsForAll) {
  NameList names({"bucket"});
  for (const char* text : {"cc", "b", "bb", "b"}) names.Add(0, 1, text);
  const FeatureNames read(Written(names), "names.tsv");
  EXPECT_EQ(read.NameOf("bucket", 1), (FeatureName{"b", true}));
  EXPECT_EQ(read.Shown("bucket", 1), "b and others");
}

TEST(Names, AreTheSameBytesWhateverTheThreads) {
  constexpr std::uint64_t kNames = 4000;
  std::vector<std::string> written;
  for (const std::size_t threads : {1U, 4U}) {
    NameList names({"a", "b"});
    std::vector<std::thread> adding;
    for (std::size_t t = 0; t < threads; ++t) {
      adding.emplace_back([&, t] {
        for (std::uint64_t i = t; i < kNames; i += threads)
          names.Add(i % 2, Mix64(1, i % 500), std::to_string(i));
      });
    }
    for (std::thread& thread : adding) thread.join();
    written.push_back(Written(names));
  }
  EXPECT_EQ(written[0], written[1]);
}

TEST(Names, ThatAreDamagedAreRefused) {
  const std::string good = std::string(kNamesHeader) + "a\t0000000000000001\t-\tx\n";
  EXPECT_EQ(FeatureNames(good, "names.tsv").size(), 1U);
  for (const std::string& text :
       {std::string("a\tb\n"), std::string(kNamesHeader) + "a\t01\t-\tx\n",
        std::string(kNamesHeader) + "a\t0000000000000001\t?\tx\n",
        std::string(kNamesHeader) + "a\t0000000000000001\t-\n",
        std::string(kNamesHeader) + "a\t000000000000000g\t-\tx\n",
        good + "a\t0000000000000001\t-\ty\n", good + "a\t0000000000000000\t-\ty\n"})
    ExpectError(ExitCode::kModel, {"names.tsv"}, [&] { FeatureNames(text, "names.tsv"); });
}

}  // namespace
}  // namespace fathom
