// Vowpal Wabbit's lines. Those marked "vw's own" stand in the train sets of its tests.
#include <gtest/gtest.h>

#include "worker/format/input_format.h"

namespace fathom {
namespace {

using Values = std::vector<std::string>;

struct Line {
  std::string error;
  Values values;
};

Line Read(const std::vector<std::string>& wanted, std::string_view record) {
  DataConfig data;
  data.format = DataFormat::kVw;
  const auto format = MakeInputFormat(data, wanted);
  std::vector<std::string_view> values;
  Line line{.error = format->Split({.text = record}, format->Resolve("data.vw", ""), &values),
            .values = {}};
  if (line.error.empty()) line.values.assign(values.begin(), values.end());
  return line;
}

Values Split(const std::vector<std::string>& wanted, std::string_view record) {
  const Line line = Read(wanted, record);
  EXPECT_EQ(line.error, "") << record;
  return line.values;
}

void ExpectBad(const std::vector<std::string>& wanted, std::string_view record,
               const std::string& words) {
  const std::string error = Read(wanted, record).error;
  EXPECT_NE(error.find(words), std::string::npos) << record << ": " << error;
}

TEST(VwFormat, NamespacesAreColumns) {
  // vw's own: 0001.dat (shortened), 3parity, audit.dat.
  EXPECT_EQ(Split({"label", "f"}, "1 |f 13:3.9656971e-02 24:3.4781646e-02 69:4.6296168e-02\n"),
            (Values{"1", "13:0.039656971 24:0.034781646 69:0.046296168"}));
  EXPECT_EQ(Split({"label", "f"}, "-1 |f  1:1 2:-1 3:-1\r\n"), (Values{"-1", "1:1 2:-1 3:-1"}));
  EXPECT_EQ(Split({"label", "features"}, "1 | feature"), (Values{"1", "feature:1"}));
  EXPECT_EQ(Split({"namespace", "features"}, "2 |namespace feature"), (Values{"feature:1", ""}));
}

TEST(VwFormat, FeaturesWithoutANameAreNumbered) {
  EXPECT_EQ(Split({"features"}, "3 | :1"), (Values{"0:1"}));  // vw's own: audit.dat
  EXPECT_EQ(Split({"a"}, "1 |a :2 x :3 :4"), (Values{"0:2 x:1 1:3 2:4"}));
}

TEST(VwFormat, ANamespaceScalesItsFeatures) {
  EXPECT_EQ(Split({"a", "b"}, "0 |a:0.5 x y:3 |b z:7"), (Values{"x:0.5 y:1.5", "z:7"}));
  EXPECT_EQ(Split({"features"}, "1 |\tx:2\ty"), (Values{"x:2 y:1"}));
}

TEST(VwFormat, NamespacesOfOneNameAreJoined) {
  EXPECT_EQ(Split({"a"}, "1 |a x |b y |a:2 z"), (Values{"x:1 z:2"}));
  EXPECT_EQ(Split({"features"}, "1 | x |b y | z"), (Values{"x:1 z:1"}));
}

TEST(VwFormat, AFeatureMayBeAColumnOfItsOwn) {
  EXPECT_EQ(Split({"a^age", "a"}, "1 |a:2 age:21 red"), (Values{"42", "red:2"}));
  EXPECT_EQ(Split({"a^age"}, "1 |a age:0"), (Values{"0"}));
  EXPECT_EQ(Split({"features^age"}, "1 | age:21"), (Values{"21"}));
  EXPECT_EQ(Split({"a^age"}, "1 |b age:21"), (Values{""}));
}

TEST(VwFormat, AFeatureWhoseValueIsATextOrNothing) {
  // vw's own: chain_hash_text_test.dat.
  EXPECT_EQ(Split({"emotion"}, "+1 |emotion happiness:true"), (Values{"happiness^true:1"}));
  EXPECT_EQ(Split({"a"}, "1 |a:3 colour:red"), (Values{"colour^red:1"}));
  EXPECT_EQ(Split({"a^colour^red"}, "1 |a colour:red"), (Values{"1"}));
  EXPECT_EQ(Split({"a"}, "1 |a x:0 y"), (Values{"y:1"})) << "vw leaves out what is 0";
}

TEST(VwFormat, LabelAndTag) {
  EXPECT_EQ(Split({"label", "tag"}, "1 1.0 'second|a x"), (Values{"1", "second"}));
  EXPECT_EQ(Split({"label", "tag"}, "-1 'q |a x"), (Values{"-1", "q"}));
  EXPECT_EQ(Split({"label", "tag"}, "1 B/038e|u 71 |a 1 2 |c 1"),
            (Values{"1", "B/038e"}));  // vw's own: 0080.dat
  EXPECT_EQ(Split({"label", "tag"}, "0 |a x"), (Values{"0", ""}));
  EXPECT_EQ(Split({"#a", "tag"}, "1 #1|#a #x #"), (Values{"#x:1 #:1", "#1"})) << "no comments";
}

TEST(VwFormat, ALineWithoutALabelIsForScoringOnly) {
  EXPECT_EQ(Split({"a"}, "|a x"), (Values{"x:1"}));
  EXPECT_EQ(Split({"a"}, "1 2.5 'tag |a x"), (Values{"x:1"}));
  ExpectBad({"label"}, "|a x", "no label before its first |");
  ExpectBad({"label"}, "  |a x", "no label before its first |");
  ExpectBad({"label"}, "1|a x", "\"1\" is its tag");
  ExpectBad({"label"}, "'t |a x", "\"t\" is its tag");
}

TEST(VwFormat, BadLines) {
  ExpectBad({"label"}, "1 2 |a x", "the importance 2 is not 1");
  ExpectBad({"label"}, "1 0 |a x", "the importance 0 is not 1");
  ExpectBad({"label"}, "1 1 0.5 |a x", "\"0.5\": label and importance");
  ExpectBad({"label"}, "1 a", "no |");
  ExpectBad({"a"}, "1\t|a x", "a tab stands before");
  ExpectBad({"a"}, "1 |:2 x", "is no |namespace:scale");
  ExpectBad({"a"}, "1 |a:b x", "\"|a:b\" is no |namespace:scale");
  for (const char* feature : {"x:", ":", "x:1:2", "x:nan", "x:inf", "x:1,5", "x:10k"})
    ExpectBad({"a"}, "1 |a " + std::string(feature), "is no feature:value");
  ExpectBad({"a"}, "1 |a x |other y:1,5", "\"y:1,5\" in the namespace other");
}

}  // namespace
}  // namespace fathom
