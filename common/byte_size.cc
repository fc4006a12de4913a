#include "common/byte_size.h"

#include <cstdlib>
#include <string_view>
#include <utility>

namespace fathom {

std::optional<double> ParseByteSize(const std::string& text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"B", 1},
      {"kB", 1e3},
      {"MB", 1e6},
      {"GB", 1e9},
      {"TB", 1e12},
      {"KiB", 1024},
      {"MiB", 1024.0 * 1024},
      {"GiB", 1024.0 * 1024 * 1024},
      {"TiB", 1024.0 * 1024 * 1024 * 1024}};
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  for (const auto& [unit, factor] : kUnits) {
    if (number > 0 && number < 1e12 && unit == end) return number * factor;
  }
  return std::nullopt;
}

}  // namespace fathom
