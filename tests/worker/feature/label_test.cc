#include "worker/feature/label.h"

#include <gtest/gtest.h>

#include "tests/support/expect_error.h"

namespace fathom {
namespace {

int Label(const std::string& test, const std::string& text, std::vector<std::string> negative = {},
          std::vector<std::string> missing = {""}) {
  DataConfig data;
  data.missing = std::move(missing);
  data.label = test;
  data.label_negative = std::move(negative);
  std::string error;
  const auto label = LabelTest(data).Apply(text, &error);
  EXPECT_EQ(label.has_value(), error.empty());
  return label ? *label : -1;
}

TEST(Label, AColumnOfZeroAndOne) {
  EXPECT_EQ(Label("click", "1"), 1);
  EXPECT_EQ(Label("click", "0"), 0);
  EXPECT_EQ(Label("click", "-1"), 0);
  EXPECT_EQ(Label("click", "+1"), 1);
  EXPECT_EQ(Label("click", "2"), -1);
  EXPECT_EQ(Label("click", "yes"), -1);
}

TEST(Label, Comparisons) {
  EXPECT_EQ(Label("rating >= 4", "4"), 1);
  EXPECT_EQ(Label("rating >= 4", "3.9"), 0);
  EXPECT_EQ(Label("rating > 4", "4"), 0);
  EXPECT_EQ(Label("rating<=2", "2"), 1);
  EXPECT_EQ(Label("rating < 2", "2"), 0);
  EXPECT_EQ(Label("rating < 2", ""), -1);
}

TEST(Label, Texts) {
  EXPECT_EQ(Label("income == >50K|>50K.", ">50K."), 1);
  EXPECT_EQ(Label("income == >50K|>50K.", "<=50K"), 0);
  EXPECT_EQ(Label("income != no", "no"), 0);
  EXPECT_EQ(Label("income == >50K", ">50K.16281", {"<=50K"}), -1);
  EXPECT_EQ(Label("income == >50K", "<=50K", {"<=50K"}), 0);
}

// A label that is not there is no negative one, whatever form data.label has.
TEST(Label, AMissingOneIsNoLabel) {
  for (const char* label : {"v", "v == yes", "v != yes", "v >= 4", "v < 4"}) {
    SCOPED_TRACE(label);
    EXPECT_EQ(Label(label, ""), -1);
    EXPECT_EQ(Label(label, "NA", {}, {"", "NA"}), -1);
    EXPECT_EQ(Label(label, "-1", {}, {"-1"}), -1);
  }
  EXPECT_EQ(Label("v == yes", "", {"no"}), -1);
  // What the config itself calls a label is one.
  EXPECT_EQ(Label("v == yes", "NA", {"NA"}, {"NA"}), 0);
  EXPECT_EQ(Label("v == NA", "NA", {}, {"NA"}), 1);
  EXPECT_EQ(Label("v == yes", "", {""}), 0);
  EXPECT_EQ(Label("v", "0", {}, {"0"}), 0);
}

TEST(Label, ATestThatIsNone) {
  DataConfig data;
  data.label = "rating >= good";
  testing::ExpectError(ExitCode::kUsage, {"data.label", "\"good\" is no number"},
                       [&] { LabelTest test(data); });
}

}  // namespace
}  // namespace fathom
