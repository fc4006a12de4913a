// A batch against the examples that it was made of, by definition.
#include "worker/batch/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "common/random.h"

namespace fathom {
namespace {

struct Content {
  std::uint8_t label = 0;
  Key group = 0;
  std::vector<Key> keys;
  std::vector<std::uint32_t> list_begins;
  std::vector<Key> list_keys;
  std::vector<float> list_weights, numerics;
};

// Few keys, the same ones in every field, so that they recur across fields and slices.
class SmallSource : public ExampleSource {
 public:
  explicit SmallSource(std::uint64_t examples) {
    for (std::uint64_t e = 0; e < examples; ++e) {
      std::uint64_t draws = 0;
      const auto draw = [&](std::uint64_t limit) { return Mix64(e, draws++) % limit; };
      Content example{.label = static_cast<std::uint8_t>(draw(2)), .group = 100 + draw(3)};
      for (int f = 0; f < 2; ++f) example.keys.push_back(Mix64(draw(5)));
      for (int list = 0; list < 2; ++list) {
        example.list_begins.push_back(static_cast<std::uint32_t>(example.list_keys.size()));
        for (std::uint64_t i = draw(4); i > 0; --i) {
          example.list_keys.push_back(Mix64(draw(5)));
          example.list_weights.push_back(static_cast<float>(draw(3)));
        }
      }
      example.list_begins.push_back(static_cast<std::uint32_t>(example.list_keys.size()));
      example.numerics = {static_cast<float>(e)};
      examples_.push_back(std::move(example));
    }
  }

  const Content& at(std::uint64_t e) const { return examples_[e]; }
  std::uint64_t examples() const override { return examples_.size(); }
  std::string fingerprint() const override { return ""; }
  ExampleView Example(std::uint64_t index, ExampleScratch*) const override {
    const auto& e = examples_[index];
    return {.label = e.label,
            .group = e.group,
            .numerics = e.numerics.data(),
            .keys = e.keys.data(),
            .list_begins = e.list_begins.data(),
            .list_keys = e.list_keys.data(),
            .list_weights = e.list_weights.data()};
  }
  std::uint64_t mapped_bytes() const override { return 0; }
  void Release() const override {}
  void Prefetch(std::uint64_t) const override {}

 private:
  std::vector<Content> examples_;
};

// Two single fields and two lists, one averaged and one weighted, all in one table.
ModelSpec Spec() {
  Config config;
  config.columns = {{.name = "a"},
                    {.name = "b"},
                    {.name = "mean", .kind = ColumnKind::kMultivalent, .pooling = Pooling::kMean},
                    {.name = "weighted", .kind = ColumnKind::kMultivalent, .weighted = true},
                    {.name = "x", .kind = ColumnKind::kNumeric}};
  config.evaluate.group_by = "a";
  return MakeModelSpec(config);
}

// (slice, field, key, example, scale), in the order in which a batch counts segments.
using Occurrence = std::tuple<std::uint32_t, std::size_t, Key, std::uint32_t, float>;

std::vector<Occurrence> ByDefinition(const SmallSource& source,
                                     const std::vector<std::uint64_t>& indices,
                                     std::uint32_t slice_size) {
  std::vector<Occurrence> all;
  for (std::uint32_t e = 0; e < indices.size(); ++e) {
    const Content& example = source.at(indices[e]);
    const std::uint32_t slice = e / slice_size;
    for (std::size_t f = 0; f < 2; ++f) all.emplace_back(slice, f, example.keys[f], e, 1.0F);
    for (std::size_t list = 0; list < 2; ++list) {
      const std::uint32_t begin = example.list_begins[list], end = example.list_begins[list + 1];
      for (std::uint32_t i = begin; i < end; ++i) {
        const float scale =
            list == 0 ? 1.0F / static_cast<float>(end - begin) : example.list_weights[i];
        all.emplace_back(slice, 2 + list, example.list_keys[i], e, scale);
      }
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Occurrence& a, const Occurrence& b) {
    return std::tie(std::get<0>(a), std::get<1>(a), std::get<2>(a)) <
           std::tie(std::get<0>(b), std::get<1>(b), std::get<2>(b));
  });
  return all;
}

std::vector<Occurrence> OfBatch(const Batch& batch) {
  const TableBatch& table = batch.tables[0];
  std::vector<Occurrence> all;
  for (std::uint32_t slice = 0; slice < batch.slices; ++slice) {
    for (std::size_t field = 0; field < batch.fields; ++field) {
      const auto [begin, end] = batch.SegmentsOf(0, slice, field);
      for (std::uint32_t s = begin; s < end; ++s) {
        const Segment& segment = table.segments[s];
        EXPECT_EQ(segment.slice, slice);
        EXPECT_LT(segment.begin, segment.end);
        if (s > begin) {
          // A key that fields share may have its occurrences in several pieces.
          EXPECT_LE(table.segments[s - 1].row, segment.row);
        }
        for (std::uint32_t o = segment.begin; o < segment.end; ++o)
          all.emplace_back(slice, field, table.keys[segment.row], table.examples[o],
                           table.Scale(o));
      }
    }
  }
  return all;
}

class BatchTest : public ::testing::Test {
 protected:
  // One builder and one batch for all, as a worker uses them.
  void ExpectRight(const std::vector<std::uint64_t>& indices) {
    batch_.slice_size = 4;
    batch_.slices = (static_cast<std::uint32_t>(indices.size()) + 3) / 4;
    builder_.Fill(
        static_cast<std::uint32_t>(indices.size()), [&](std::uint32_t i) { return indices[i]; },
        &batch_);
    ASSERT_EQ(batch_.examples, indices.size());
    ASSERT_EQ(batch_.labels.size(), indices.size());
    ASSERT_EQ(batch_.groups.size(), indices.size());
    ASSERT_EQ(batch_.numerics.size(), indices.size());
    for (std::size_t e = 0; e < indices.size(); ++e) {
      EXPECT_EQ(batch_.labels[e], source_.at(indices[e]).label);
      EXPECT_EQ(batch_.groups[e], source_.at(indices[e]).group);
      EXPECT_EQ(batch_.numerics[e], static_cast<float>(indices[e]));
    }
    EXPECT_EQ(OfBatch(batch_), ByDefinition(source_, indices, 4));
    ExpectKeysInOrder();
  }

  // The segments of each key, in order of slice and field.
  void ExpectKeysInOrder() {
    const TableBatch& table = batch_.tables[0];
    EXPECT_TRUE(std::is_sorted(table.keys.begin(), table.keys.end(), std::less_equal<>()) ||
                table.keys.empty());
    ASSERT_EQ(table.key_begins.size(), table.keys.size() + 1);
    ASSERT_EQ(table.key_segments.size(), table.segments.size());
    EXPECT_EQ(table.key_begins.back(), table.segments.size());
    for (std::size_t k = 0; k < table.keys.size(); ++k) {
      EXPECT_LT(table.key_begins[k], table.key_begins[k + 1]) << "a key without occurrences";
      for (std::uint32_t i = table.key_begins[k]; i < table.key_begins[k + 1]; ++i) {
        EXPECT_EQ(table.segments[table.key_segments[i]].row, k);
        if (i > table.key_begins[k]) {
          EXPECT_LE(table.segments[table.key_segments[i - 1]].slice,
                    table.segments[table.key_segments[i]].slice);
        }
      }
    }
  }

  const ModelSpec spec_ = Spec();
  const SmallSource source_{40};
  BatchBuilder builder_{spec_, source_};
  Batch batch_;
};

TEST_F(BatchTest, HoldsEveryOccurrenceOfItsExamplesOnce) {
  ASSERT_EQ(spec_.tables.size(), 1U);
  ExpectRight({3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 39});
  ExpectRight({0});
  ExpectRight({7, 7, 7, 7, 7});
  ExpectRight({});
  std::vector<std::uint64_t> all;
  for (std::uint64_t e = 0; e < 40; ++e) all.push_back(39 - e);
  ExpectRight(all);
}

}  // namespace
}  // namespace fathom
