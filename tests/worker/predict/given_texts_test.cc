#include "worker/predict/given_texts.h"

#include <gtest/gtest.h>

#include "tests/support/scratch_dir.h"

namespace fathom {
namespace {

class GivenTextsTest : public ::testing::Test {
 protected:
  GivenTextsTest() {
    dir_.Write("books.csv", "book,genre\n7,war\n8,love\n");
    config_.data.dir = dir_.path().string();
    config_.joins = {{.file = "books.csv", .key = "book"}};
    config_.columns = {{.name = "reader"}, {.name = "book"}, {.name = "genre"}};
  }

  using Texts = std::vector<std::string_view>;  // of reader, book, genre; null: not given
  Texts Complete(const Texts& given) const {
    const InputSchema schema(config_, false);
    GivenTexts texts(schema, missing_);
    Texts by_slot(schema.sources().size());
    const char* const names[] = {"reader", "book", "genre"};
    for (std::size_t i = 0; i < given.size(); ++i) by_slot[schema.Slot(names[i])] = given[i];
    const Texts& all = texts.Complete(by_slot);
    Texts complete;
    for (const char* name : names) complete.push_back(all[schema.Slot(name)]);
    // What is looked up lies in the schema, which ends here.
    kept_.assign(complete.begin(), complete.end());
    return {kept_.begin(), kept_.end()};
  }

  testing::ScratchDir dir_;
  Config config_;
  std::string missing_ = "?";
  mutable std::vector<std::string> kept_;
};

TEST_F(GivenTextsTest, WhatIsNotGivenIsLookedUpOrMissing) {
  EXPECT_EQ(Complete({"3", "7", {}}), (Texts{"3", "7", "war"}));
  EXPECT_EQ(Complete({{}, "8", {}}), (Texts{"?", "8", "love"}));
  EXPECT_EQ(Complete({"3", "9", {}}), (Texts{"3", "9", ""}));
  EXPECT_EQ(Complete({"3", "", {}}), (Texts{"3", "", ""}));
}

TEST_F(GivenTextsTest, AJoinedColumnMayBeGiven) {
  EXPECT_EQ(Complete({"3", "7", "love"}), (Texts{"3", "7", "love"}));
  EXPECT_EQ(Complete({"3", "7", ""}), (Texts{"3", "7", ""}));
}

// As in a line of the training data, before a key is looked up.
TEST_F(GivenTextsTest, BlanksDoNotCountWithTrim) {
  EXPECT_EQ(Complete({" 3", "7 ", {}}), (Texts{" 3", "7 ", ""}));
  config_.data.trim = true;
  EXPECT_EQ(Complete({" 3\t", " 7 ", {}}), (Texts{"3", "7", "war"}));
  EXPECT_EQ(Complete({"3", "7", "  love "}), (Texts{"3", "7", "love"}));
}

}  // namespace
}  // namespace fathom
