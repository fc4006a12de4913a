// What a transform gathers of one column over some examples, before it can be applied.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "worker/transform/learnt_transform.h"
#include "worker/transform/moments.h"

namespace fathom {

// Merged in order of block, so that what is learnt does not depend on the threads that gathered it.
// Thread rule: one thread's own.
class ColumnStatistics {
 public:
  virtual ~ColumnStatistics() = default;

  // One more value that is not missing: of a categorical or multivalent column its text, of a
  // numeric column its number, or the number's log if the transform takes one. `place` is unique
  // to the example.
  virtual void AddValue(std::string_view /*value*/, std::uint64_t /*place*/) {}
  virtual void AddNumber(double /*x*/, std::uint64_t /*place*/) {}

  // In place of AddValue where Transform::LearnsFromLabels.
  virtual void AddLabelled(std::string_view /*value*/, std::uint64_t /*place*/, bool /*positive*/) {
  }

  // Not null: of numbers these are all that it wants. They are added to them in place of AddNumber,
  // which eight columns at once can do.
  virtual Moments* OnlyMoments() { return nullptr; }

  // `later`: made by the same transform, of examples that come after these.
  virtual void Merge(ColumnStatistics&& later) = 0;

  virtual LearntTransform Learn() const = 0;
};

// By column of the config; null where the transform learns nothing.
using StatisticsByColumn = std::vector<std::unique_ptr<ColumnStatistics>>;

}  // namespace fathom
