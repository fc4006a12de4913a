#include "common/byte_size.h"

#include <cstdlib>
#include <utility>

#include "common/error.h"

namespace fathom {

std::optional<ByteSize> ByteSize::Parse(std::string_view text) {
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
  ByteSize size;
  size.text_ = text;
  if (text.empty()) return size;
  char* end = nullptr;
  const double number = std::strtod(size.text_.c_str(), &end);
  for (const auto& [unit, factor] : kUnits) {
    if (number > 0 && number < 1e12 && unit == end) {
      size.bytes_ = number * factor;
      return size;
    }
  }
  return std::nullopt;
}

ByteSize::ByteSize(const char* text) {
  const auto parsed = Parse(text);
  if (!parsed) Fail(ExitCode::kUsage, "\"{}\" is not {}", text, kByteSizeForm);
  *this = *parsed;
}

}  // namespace fathom
