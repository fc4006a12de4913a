#include "server/table/admission_filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <vector>

namespace fathom {
namespace {

constexpr std::size_t kTable = 1;

Config MakeConfig(int count, const char* bytes) {
  Config config;
  config.server.admission_count = count;
  config.server.admission_filter = bytes;
  return config;
}

std::vector<Key> NamedKeys(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Key> keys(count);
  for (Key& key : keys) key = random();
  return keys;
}

std::vector<std::vector<std::byte>> AllCounters(const AdmissionFilter& filter) {
  std::vector<std::vector<std::byte>> all;
  for (int p = 0; p < Partitions::kFewest; ++p) {
    const auto counters = filter.Counters(p);
    all.emplace_back(counters.begin(), counters.end());
  }
  return all;
}

TEST(AdmissionFilter, OffItAdmitsAllAndTakesNoMemory) {
  const Config config = MakeConfig(1, "16MB");
  EXPECT_EQ(AdmissionFilter::BytesOfAll(config), 0U);
  const AdmissionFilter filter(config, 0, Partitions::kFewest);
  EXPECT_FALSE(filter.on());
  EXPECT_TRUE(filter.Admits(kTable, 7));
  EXPECT_EQ(filter.allocated_bytes(), 0U);
}

// In a filter so small that its counters are crowded.
TEST(AdmissionFilter, NeverTooLate) {
  for (const int needed : {2, 3, 15}) {
    AdmissionFilter filter(MakeConfig(needed, "64kB"), 0, Partitions::kFewest);
    const std::vector<Key> keys = NamedKeys(20000, 1);
    std::map<Key, int> named;
    std::mt19937_64 random(2);
    for (int i = 0; i < 200000; ++i) {
      const Key key = keys[random() % keys.size()];
      filter.Count(kTable, {&key, 1});
      if (++named[key] >= needed) {
        ASSERT_TRUE(filter.Admits(kTable, key)) << needed;
      }
    }
  }
}

TEST(AdmissionFilter, InARoomyFilterExactlyTheKeysNamedOftenEnough) {
  AdmissionFilter filter(MakeConfig(3, "8MB"), 0, Partitions::kFewest);
  const std::vector<Key> keys = NamedKeys(1000, 3);
  for (int naming = 1; naming <= 3; ++naming) {
    filter.Count(kTable, keys);
    for (const Key key : keys) ASSERT_EQ(filter.Admits(kTable, key), naming == 3);
  }
  for (const Key key : keys) ASSERT_FALSE(filter.Admits(kTable + 1, key)) << "another table's";
}

// P(Poisson(mean) >= least).
double TailOf(double mean, int least) {
  double below = 0, term = std::exp(-mean);
  for (int i = 0; i < least; ++i) {
    below += term;
    term *= mean / (i + 1);
  }
  return 1 - below;
}

// The share of keys that are admitted after `named` of `needed` namings, against the formula.
TEST(AdmissionFilter, FalsePositivesAreAsOftenAsTheFormulaSays) {
  constexpr double kCounters = 2 * 64e3, kNamings = 30000, kTrials = 20000;
  for (const auto& [needed, named] : {std::pair{2, 0}, std::pair{2, 1}, std::pair{3, 2}}) {
    AdmissionFilter filter(MakeConfig(needed, "64kB"), 0, Partitions::kFewest);
    filter.Count(kTable, NamedKeys(static_cast<std::size_t>(kNamings), 4));
    double admitted = 0;
    for (const Key key : NamedKeys(static_cast<std::size_t>(kTrials), 5)) {
      const auto counters = filter.Counters(Partitions().Of(key));
      const std::vector<std::byte> before(counters.begin(), counters.end());
      for (int i = 0; i < named; ++i) filter.Count(kTable, {&key, 1});
      admitted += filter.Admits(kTable, key) ? 1 : 0;
      ASSERT_TRUE(filter.Restore(Partitions().Of(key), before));
    }
    const double expected =
        std::pow(TailOf(AdmissionFilter::kHashes * kNamings / kCounters, needed - named),
                 AdmissionFilter::kHashes);
    EXPECT_NEAR(admitted / kTrials, expected, 0.1 * expected + 4 * std::sqrt(expected / kTrials))
        << needed << ", " << named;
  }
}

TEST(AdmissionFilter, CountersStopAtTheirLargestNumber) {
  AdmissionFilter filter(MakeConfig(15, "64kB"), 0, Partitions::kFewest);
  const std::vector<Key> keys = NamedKeys(1, 6);
  for (int i = 0; i < 15; ++i) filter.Count(kTable, keys);
  EXPECT_TRUE(filter.Admits(kTable, keys[0]));
  const auto full = AllCounters(filter);
  for (int i = 0; i < 100; ++i) filter.Count(kTable, keys);
  EXPECT_TRUE(AllCounters(filter) == full);
}

TEST(AdmissionFilter, OrderIsOfNoConsequence) {
  AdmissionFilter a(MakeConfig(2, "64kB"), 0, Partitions::kFewest);
  AdmissionFilter b(MakeConfig(2, "64kB"), 0, Partitions::kFewest);
  std::vector<Key> keys = NamedKeys(100000, 7);  // enough to fill counters up
  a.Count(kTable, keys);
  std::reverse(keys.begin(), keys.end());
  b.Count(kTable, keys);
  EXPECT_TRUE(AllCounters(a) == AllCounters(b));
}

// What one server has saved, another of three goes on with.
TEST(AdmissionFilter, GoesOnFromWhatWasSavedOnAnyNumberOfServers) {
  const Config config = MakeConfig(2, "100kB");
  AdmissionFilter whole(config, 0, Partitions::kFewest);
  const std::vector<Key> keys = NamedKeys(5000, 8);
  whole.Count(kTable, keys);
  for (int server = 0; server < 3; ++server) {
    const int first = Partitions().First(server, 3), end = Partitions().First(server + 1, 3);
    AdmissionFilter part(config, first, end);
    for (int p = first; p < end; ++p) ASSERT_TRUE(part.Restore(p, whole.Counters(p)));
    for (const Key key : keys) {
      if (Partitions().Of(key) < first || Partitions().Of(key) >= end) continue;
      ASSERT_EQ(part.Admits(kTable, key), whole.Admits(kTable, key));
      part.Count(kTable, {&key, 1});
      ASSERT_TRUE(part.Admits(kTable, key));
    }
  }
  AdmissionFilter other(MakeConfig(2, "200kB"), 0, Partitions::kFewest);
  EXPECT_FALSE(other.Restore(0, whole.Counters(0)));
}

}  // namespace
}  // namespace fathom
