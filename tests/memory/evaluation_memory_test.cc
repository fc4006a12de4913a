// What the coordinator holds for an evaluation is what `fathom plan` counts for it.
#include <gtest/gtest.h>

#include "common/random.h"
#include "launcher/coordinator/evaluation_sink.h"
#include "tests/memory/failing_allocator.h"

namespace fathom {
namespace {

using testing::FailingAllocator;

constexpr std::uint64_t kExamples = 1 << 20;
constexpr double kRest = 0.01;  // of what the planned bytes leave out

// Every score is another one: the most runs of equal scores that there can be.
struct Scores {
  Scores(std::uint64_t first, std::uint64_t count, bool grouped) : first(first) {
    for (std::uint64_t i = first; i < first + count; ++i) {
      logits.push_back(static_cast<float>((i * 7919) % kExamples) / kExamples);
      labels.push_back(Mix64(i, 1) % 2);
      if (grouped) groups.push_back(Mix64(i) % 1000);
    }
  }
  ScoresMessage Message() const {
    return {.first = first, .logits = logits, .labels = labels, .groups = groups};
  }

  std::uint64_t first;
  std::vector<float> logits;
  std::vector<std::uint8_t> labels;
  std::vector<Key> groups;
};

class EvaluationMemoryTest : public ::testing::TestWithParam<bool> {};

TEST_P(EvaluationMemoryTest, PeakIsWhatThePlanCounts) {
  constexpr std::uint64_t kSlice = 256;
  FailingAllocator::MeterBytes();
  EvaluationSink sink(kExamples, GetParam());
  for (std::uint64_t first = 0; first < kExamples; first += kSlice)
    sink.Add(Scores(first, kSlice, GetParam()).Message());
  const Metrics metrics = sink.Compute();
  const double bytes = static_cast<double>(FailingAllocator::PeakBytes()) / kExamples;
  EXPECT_NEAR(metrics.auc, 0.5, 0.01);
  EXPECT_EQ(metrics.gauc_groups, GetParam() ? 1000U : 0U);
  const auto planned = static_cast<double>(EvaluationSink::BytesOfExample(kExamples, GetParam()));
  EXPECT_NEAR(bytes, planned, kRest * planned);
}

INSTANTIATE_TEST_SUITE_P(Grouped, EvaluationMemoryTest, ::testing::Bool());

}  // namespace
}  // namespace fathom
