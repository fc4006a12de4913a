#include "worker/text/number.h"

#include <string>

namespace fathom {
namespace {

// Where the exponent is larger than any text is long, only its sign matters.
constexpr std::int64_t kLargeExponent = std::int64_t{1} << 40;

std::int64_t ExponentOf(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error == std::errc()) return std::clamp(exponent, -kLargeExponent, kLargeExponent);
  return text.starts_with('-') ? -kLargeExponent : kLargeExponent;
}

}  // namespace

bool IsTooSmall(std::string_view number) {
  const std::size_t e = std::min(number.find_first_of("eE"), number.size());
  const std::string_view mantissa = number.substr(0, e);
  const std::size_t first = mantissa.find_first_of("123456789");
  if (first == std::string_view::npos) return true;
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  const std::int64_t exponent = e == number.size() ? 0 : ExponentOf(number.substr(e + 1));
  // The power of ten of the first digit that is not 0, to within one.
  return exponent + static_cast<std::int64_t>(point) - static_cast<std::int64_t>(first) < 0;
}

}  // namespace fathom
