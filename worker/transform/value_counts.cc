#include "worker/transform/value_counts.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "common/error.h"

namespace fathom {
namespace {

constexpr double kMaxCount = 0x1.0p53;  // beyond it a double is no longer exact
constexpr std::size_t kMaxValues = 0xFFFFFFFF;

bool IsCount(double x) { return x >= 0 && x <= kMaxCount && x == std::floor(x); }

}  // namespace

const std::vector<double>& CountsOf(const LearntTransform& learnt, const std::string& name,
                                    const std::string& column) {
  const auto counts = learnt.others.find(name);
  const auto& keys = learnt.vocabulary;
  const bool whole = counts != learnt.others.end() && counts->second.size() == keys.size() &&
                     keys.size() < kMaxValues &&
                     std::all_of(counts->second.begin(), counts->second.end(), IsCount) &&
                     std::is_sorted(keys.begin(), keys.end(), std::less_equal<>());
  if (!whole) {
    Fail(ExitCode::kModel,
         "transforms.json: column {}: its values and their {} do not fit together: the file was "
         "altered",
         column, name);
  }
  return counts->second;
}

}  // namespace fathom
