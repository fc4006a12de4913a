// Classes of numbers, cut at boundaries: what buckets and quantiles have in common.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "common/key.h"
#include "worker/text/number.h"
#include "worker/transform/transform.h"

namespace fathom {

class NumberClasses {
 public:
  // `boundaries` ascend.
  NumberClasses(std::string column, std::vector<double> boundaries)
      : column_(std::move(column)),
        seed_(ColumnSeed(column_)),
        boundaries_(std::move(boundaries)) {}

  // The class of x: how many boundaries are <= x.
  std::size_t Of(double x) const {
    return static_cast<std::size_t>(std::upper_bound(boundaries_.begin(), boundaries_.end(), x) -
                                    boundaries_.begin());
  }

  // How many boundaries there are, one less than classes.
  std::size_t boundaries() const { return boundaries_.size(); }

  // As Transform::KeyOf: the key of the class of the number that the value writes.
  bool KeyOf(std::string_view value, Key* key, std::string* error) const {
    const auto number = ParseNumber(value);
    if (!number) {
      *error = NotANumber(column_, value);
      return false;
    }
    *key = BucketKey(seed_, Of(*number));
    return true;
  }

  // As Transform::NameOf of a value that has a key: "[18, 25)".
  std::string NameOf(std::string_view value) const {
    const auto number = ParseNumber(value);
    if (!number) return std::string(value);
    const std::size_t of = Of(*number);
    const std::string from = of == 0 ? "(-inf" : fmt::format("[{}", boundaries_[of - 1]);
    const std::string to = of == boundaries_.size() ? "inf" : fmt::format("{}", boundaries_[of]);
    return fmt::format("{}, {})", from, to);
  }

 private:
  std::string column_;
  std::uint64_t seed_;
  std::vector<double> boundaries_;
};

}  // namespace fathom
