// hour, weekday, day: the hour (0 to 23), the day of the week (0 is Monday) or the day of the month
// of a time (time_text.h), in UTC, as a class.
#include <fmt/format.h>

#include <chrono>

#include "worker/transform/time_text.h"
#include "worker/transform/transform.h"

namespace fathom {
namespace {

using Seconds = std::chrono::sys_seconds;

constexpr const char* kWeekdays[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};

class TimeTransform : public Transform {
 public:
  explicit TimeTransform(const ColumnConfig& column)
      : column_(column.name), kind_(column.transform), seed_(ColumnSeed(column.name)) {}

  bool KeyOf(std::string_view value, Key* key, std::string* error) const override {
    const auto time = ParseTime(value);
    if (!time) {
      *error = fmt::format(
          "column {} = \"{}\" is no time: write 2026-11-27T17:18:00Z, or seconds since 1970",
          column_, value);
      return false;
    }
    if (kind_ == TransformKind::kHour && !time->has_hour) {
      *error = fmt::format("column {} = \"{}\" is a date without an hour", column_, value);
      return false;
    }
    *key = BucketKey(seed_, ClassOf(time->at));
    return true;
  }

  // "17" or "Friday".
  std::string NameOf(std::string_view value) const override {
    const auto time = ParseTime(value);
    if (!time) return std::string(value);
    const std::uint64_t of = ClassOf(time->at);
    return kind_ == TransformKind::kWeekday ? kWeekdays[of] : fmt::format("{}", of);
  }

 private:
  std::uint64_t ClassOf(Seconds at) const {
    const auto day = std::chrono::floor<std::chrono::days>(at);
    if (kind_ == TransformKind::kHour)
      return static_cast<std::uint64_t>(std::chrono::floor<std::chrono::hours>(at - day).count());
    if (kind_ == TransformKind::kWeekday) return std::chrono::weekday(day).iso_encoding() - 1;
    return static_cast<unsigned>(std::chrono::year_month_day(day).day());
  }

  std::string column_;
  TransformKind kind_;
  std::uint64_t seed_;
};

}  // namespace

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kHour>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kWeekday>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

template <>
std::unique_ptr<const Transform> MakeTransformOf<TransformKind::kDay>(
    const ColumnConfig& column, const LearntTransform* /*learnt*/) {
  return std::make_unique<TimeTransform>(column);
}

}  // namespace fathom
