// The names that a model keeps of its features, from the text to the reader.
#include "worker/predict/names.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/file/text_file.h"
#include "common/model/partition_file.h"
#include "common/settings/config_file.h"
#include "tests/support/scored_model.h"
#include "tests/support/scratch_dir.h"
#include "worker/ingest/ingest.h"

namespace fathom {
namespace {

Key KeyOf(const char* column, const char* text, std::uint64_t buckets = 0) {
  return ValueKey(ColumnSeed(column), text, buckets);
}

Key CrossOf(const char* cross, std::initializer_list<Key> keys) {
  std::uint64_t state = CrossStart(ColumnSeed(cross));
  for (const Key key : keys) state = CrossFold(state, key);
  return CrossFinish(ColumnSeed(cross), state);
}

TEST(ModelNames, EveryRowHasTheNameOfItsText) {
  const testing::ScratchDir dir;
  const testing::ScoredModel trained(dir.path(), {"output.names=true"});
  const TrainedModel model = OpenModel(trained.model());
  const FeatureNames names = FeatureNames::Of(model);
  const auto text = [&](const char* field, Key key) {
    const auto name = names.NameOf(field, key);
    return name ? name->text + (name->others ? " +" : "") : "none";
  };
  EXPECT_EQ(text("user", KeyOf("user", "user3")), "user3");
  EXPECT_EQ(text("user", MissingKey(ColumnSeed("user"))), "(missing)");
  EXPECT_EQ(text("user", KeyOf("user", "nobody")), "none");
  EXPECT_EQ(text("known", RareKey(ColumnSeed("known"))), "(rare)");
  EXPECT_EQ(text("tags", KeyOf("tags", "tag7")), "tag7");
  EXPECT_EQ(text("weighted", KeyOf("weighted", "w2")), "w2");
  EXPECT_EQ(text("maker", KeyOf("maker", "maker1")), "maker1");
  EXPECT_EQ(text("class", BucketKey(ColumnSeed("class"), 0)), "(-inf, 10)");
  EXPECT_EQ(text("class", BucketKey(ColumnSeed("class"), 1)), "[10, 50)");
  EXPECT_EQ(text("class", BucketKey(ColumnSeed("class"), 2)), "[50, inf)");
  EXPECT_EQ(text("weekday", BucketKey(ColumnSeed("weekday"), 0)), "Monday");
  EXPECT_EQ(text("maker x user", CrossOf("maker x user", {MissingKey(ColumnSeed("maker")),
                                                          MissingKey(ColumnSeed("user"))})),
            "(missing) x (missing)");
  std::string folded;  // the first of those that share user3's bucket
  for (int user = 0; user < 40; ++user) {
    const std::string other = "user" + std::to_string(user);
    const bool shares = KeyOf("folded", other.c_str(), 7) == KeyOf("folded", "user3", 7);
    if (shares && (folded.empty() || other < folded)) folded = other;
  }
  EXPECT_EQ(text("folded", KeyOf("folded", "user3", 7)), folded + " +");
  std::size_t rows = 0;
  const std::vector<std::string> fields = {"user",    "item",        "folded",      "known",
                                           "tags",    "weighted",    "maker",       "class",
                                           "weekday", "user x tags", "maker x user"};
  for (int p = 0; p < model.manifest.partitions.count(); ++p) {
    ReadPartition(model.dir, model.manifest, p, [&](std::size_t, Key key, std::span<const float>) {
      const auto named = std::count_if(fields.begin(), fields.end(), [&](const std::string& field) {
        return names.NameOf(field, key).has_value();
      });
      EXPECT_EQ(named, 1) << key;
      ++rows;
    });
  }
  EXPECT_EQ(names.size(), rows);
}

TEST(ModelNames, AreNotKeptUnlessTheyAreAskedFor) {
  const testing::ScratchDir dir;
  const testing::ScoredModel trained(dir.path());
  EXPECT_EQ(FeatureNames::Of(OpenModel(trained.model())).size(), 0U);
}

TEST(ModelNames, AreTheSameBytesWhateverTheThreadsOfIngest) {
  const testing::ScratchDir dir;
  std::string lines = "label,user,tags\n";
  for (int i = 0; i < 200000; ++i)
    lines += std::to_string(i % 2) + ",u" + std::to_string(i % 977) + ",a|b" +
             std::to_string(i % 31) + "\n";
  dir.Write("lines.csv", lines);
  const Config config = ParseConfig(
      "[output]\nnames = true\n[data]\ntrain = [\"lines.csv\"]\ntest_fraction = 0.1\n"
      "[[column]]\nname = \"user\"\nhash_buckets = 500\n"
      "[[column]]\nname = \"tags\"\nkind = \"multivalent\"\n"
      "[[cross]]\ncolumns = [\"user\", \"tags\"]\n",
      "names.toml", dir.path(), {});
  const ModelSpec spec = MakeModelSpec(config);
  std::vector<std::string> written;
  for (const int threads : {1, 4}) {
    const IngestResult packed = Ingest(config, spec, dir.path() / std::to_string(threads), threads,
                                       [](const IngestProgress&) {});
    written.push_back(ReadText(packed.names));
  }
  EXPECT_GT(written[0].size(), 10000U);
  EXPECT_EQ(written[0], written[1]);
}

}  // namespace
}  // namespace fathom
